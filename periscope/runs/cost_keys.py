"""`core.slippage` and `core.fees`: how they are written, and the models that they mean."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from periscope.execution.fee_schedules import FEE_SCHEDULES
from periscope.execution.fees import BasisPoints, Bounded, FeeModel, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.slippage import NoSlippage, PriceBasisPoints, SlippageModel, Ticks, VolumeShare
from periscope.runs.core_values import RefusalError, decimal, integer, near_names, parts

NAMED_FEES: dict[str, FeeModel] = {"none": NoFees(), **FEE_SCHEDULES, "lean": LeanFees()}
"""Fee models that are chosen by name alone."""

_NOT_NEGATIVE = decimal(least=Decimal(0))
_BASIS_POINTS = decimal(least=Decimal(0), most=Decimal(10_000))
_NO_FEES = {"per_share": "0", "minimum": None, "maximum": None, "per_contract": "0"}
_POINTS = ("basis_points", "maximum_basis_points")


def read_slippage(value: Any) -> Any:
    """The effective form of `core.slippage`: "none", or an object with exactly one key."""
    if isinstance(value, str):
        if value.strip().lower() == "none":
            return "none"
        text = f'found {value!r}; expected "none" or an object such as {{"ticks": 1}} or {{"volume_share": "0.1"}}'
        raise RefusalError("NOT_ALLOWED", text)
    readers = {"ticks": integer(0, 1_000_000), "basis_points": _BASIS_POINTS, "volume_share": _volume_share}
    found = parts(value, readers, (), "slippage")
    if len(found) != 1:
        both = ", ".join(sorted(found)) or "none of them"
        raise RefusalError("NOT_ALLOWED", f"expected exactly one of {', '.join(readers)}, found {both}")
    return found


def slippage_model(effective: str | Mapping[str, Any]) -> SlippageModel:
    """The model that an effective `core.slippage` means."""
    if isinstance(effective, str):
        return NoSlippage()
    if "volume_share" in effective:
        share = effective["volume_share"]
        return VolumeShare(Decimal(share["price_impact"]), share["power"])
    if "ticks" in effective:
        return Ticks(effective["ticks"]) if effective["ticks"] else NoSlippage()
    rate = Decimal(effective["basis_points"])
    return PriceBasisPoints(rate) if rate else NoSlippage()


def read_fees(value: Any) -> Any:
    """The effective form of `core.fees`: a name, or an object; keys in basis points are there where they are set."""
    if isinstance(value, str):
        name = value.strip().lower()
        if name not in NAMED_FEES:
            raise RefusalError("NOT_ALLOWED", f"found {value!r}; {near_names(name, list(NAMED_FEES))}, or an object")
        return name
    readers = dict.fromkeys(_NO_FEES, _NOT_NEGATIVE) | dict.fromkeys(_POINTS, _BASIS_POINTS)
    fees = _NO_FEES | parts(value, readers, (), "a fee")
    if fees.get("basis_points") == "0":
        del fees["basis_points"]
    least, most = fees["minimum"], fees["maximum"]
    if least is not None and most is not None and Decimal(least) > Decimal(most):
        raise RefusalError("OUT_OF_RANGE", f"minimum {least} is above maximum {most}")
    return fees


def fee_model(effective: str | Mapping[str, Any]) -> FeeModel:
    """The model that an effective `core.fees` means."""
    if isinstance(effective, str):
        return NAMED_FEES[effective]
    given = {name: None if value is None else Decimal(value) for name, value in effective.items()}
    per_share, points, per_contract = given["per_share"], given.get("basis_points"), given["per_contract"]
    bounds = {name: given.get(name) for name in ("minimum", "maximum", "maximum_basis_points")}
    rates: list[FeeModel] = [PerShare(per_share)] if per_share else []
    rates += [BasisPoints(points)] if points else []
    if given["minimum"] and not rates:
        rates = [PerShare(Decimal(0))]
    inner = _sum(rates)
    if rates and any(bound is not None for bound in bounds.values()):
        inner = Bounded(inner=inner, **bounds)
    futures: list[FeeModel] = [PerContract(per_contract)] if per_contract else []
    return _sum([*([inner] if rates else []), *futures])


def _sum(models: list[FeeModel]) -> FeeModel:
    if not models:
        return NoFees()
    return models[0] if len(models) == 1 else Sum(tuple(models))


def _volume_share(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        value = {"price_impact": value}
    readers = {"price_impact": decimal(least=Decimal(0), most=Decimal(10), least_allowed=False), "power": integer(1, 2)}
    found = parts(value, readers, (), "slippage by volume share")
    return {"price_impact": "0.1", "power": 2} | found
