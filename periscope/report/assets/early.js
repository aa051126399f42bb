"use strict";
(() => {
  const root = document.documentElement;
  addEventListener("error", (event) => { root.dataset.error = event.message; });
  addEventListener("unhandledrejection", (event) => { root.dataset.error = String(event.reason); });
  addEventListener("securitypolicyviolation", (event) => { root.dataset.error = `blocked: ${event.violatedDirective}`; });
  let kept = null;
  try { kept = localStorage.getItem("periscope-theme"); } catch { /* a page from a file may have no storage */ }
  root.dataset.theme = kept ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
})();
