BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE leases (
	name TEXT NOT NULL, 
	holder TEXT, 
	token BIGINT NOT NULL, 
	beat BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE run_files (
	run_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	content TEXT NOT NULL, 
	bytes BIGINT NOT NULL, 
	PRIMARY KEY (run_id, name), 
	CONSTRAINT fk_run_files_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_files" VALUES(4,'result.json','331ff8971c16c7f2a31a4267872926a99a1797c1a37b73081948aa5dd4f449c7',13);
INSERT INTO "run_files" VALUES(5,'result.json','459f93fabdfcd6ec90f9e0bf9ac2437b5f8b2fbe9d0f9b8293a43492b5016e14',13);
INSERT INTO "run_files" VALUES(6,'result.json','dc583765f45fa85b396c8ab491fed41e9bee937424bd9381abbd915f0f1ec735',13);
CREATE TABLE run_issues (
	run_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	issue TEXT NOT NULL, 
	PRIMARY KEY (run_id, position), 
	CONSTRAINT fk_run_issues_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_issues" VALUES(4,0,'NO_BARS_DELIVERED','{"id":"1","code":"NO_BARS_DELIVERED","severity":"warning","message":"\u00e4","count":2,"location":null}');
INSERT INTO "run_issues" VALUES(5,0,'NO_BARS_DELIVERED','{"id":"1","code":"NO_BARS_DELIVERED","severity":"warning","message":"\u00e4","count":2,"location":null}');
INSERT INTO "run_issues" VALUES(6,0,'NO_BARS_DELIVERED','{"id":"1","code":"NO_BARS_DELIVERED","severity":"warning","message":"\u00e4","count":2,"location":null}');
CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	version_id INTEGER NOT NULL, 
	mode TEXT NOT NULL, 
	config TEXT NOT NULL, 
	status TEXT NOT NULL, 
	copied_from INTEGER, 
	created_at BIGINT NOT NULL, 
	queued_at BIGINT, 
	started_at BIGINT, 
	ended_at BIGINT, 
	asked TEXT, 
	reason TEXT, 
	attempt INTEGER NOT NULL, 
	lost INTEGER NOT NULL, 
	process TEXT, 
	beat BIGINT NOT NULL, 
	reading TEXT, 
	summary TEXT, 
	final_value TEXT, 
	net_trading_cash TEXT, 
	CONSTRAINT fk_runs_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);
INSERT INTO "runs" VALUES(1,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','new',NULL,1795425155883631,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(2,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','starting',NULL,1795425155890483,1795425155908484,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(3,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','running',NULL,1795425155896438,1795425155914223,1795425155932738,NULL,'stop',NULL,0,0,'boot:1:2:3',1,'{"fraction":0.5,"bars":10}',NULL,NULL,NULL);
INSERT INTO "runs" VALUES(4,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','complete',NULL,1795425155897959,1795425155921099,1795425155941831,1795425155947287,NULL,'a reason',0,0,'boot:1:2:3',1,'{"fraction":0.5,"bars":10}','{"hash":"4","exit_code":0}','123456789012345678.000000000000000001','-0.5');
INSERT INTO "runs" VALUES(5,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','stopped',NULL,1795425155901103,1795425155925061,1795425155953799,1795425155973255,NULL,'a reason',0,0,'boot:1:2:3',1,'{"fraction":0.5,"bars":10}','{"hash":"5","exit_code":0}','123456789012345678.000000000000000001','-0.5');
INSERT INTO "runs" VALUES(6,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','error',NULL,1795425155905148,1795425155929085,1795425155974991,1795425155994052,NULL,'a reason',0,0,'boot:1:2:3',1,'{"fraction":0.5,"bars":10}','{"hash":"6","exit_code":0}','123456789012345678.000000000000000001','-0.5');
INSERT INTO "runs" VALUES(7,1,'backtest','{"environment":{"start":"2024-01-02"},"strategy":{"n":0.1},"core":{"slippage":{"ticks":1}}}','new',4,1795425156007376,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE strategies (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT uq_strategies_name UNIQUE (name)
);
INSERT INTO "strategies" VALUES(1,'observe',1795425155871650);
CREATE TABLE versions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	strategy_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	archive TEXT NOT NULL, 
	published_at BIGINT NOT NULL, 
	warnings TEXT NOT NULL, 
	CONSTRAINT fk_versions_strategy_id FOREIGN KEY(strategy_id) REFERENCES strategies (id), 
	CONSTRAINT uq_versions_strategy_id_number UNIQUE (strategy_id, number), 
	CONSTRAINT uq_versions_strategy_id_hash UNIQUE (strategy_id, hash)
);
INSERT INTO "versions" VALUES(1,1,1,'77cc32a673f148a5f73191c031970ca2a4bc168870c6365349e54f1e27c60430','a75d1a5dbdf6ea384dc030073fc5ee5aa265810a277a3833dd1241628d5c634e',1795425155878388,'[]');
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_version_id ON runs (version_id);
CREATE INDEX ix_run_files_content ON run_files (content);
CREATE INDEX ix_run_issues_code ON run_issues (code);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('strategies',1);
INSERT INTO "sqlite_sequence" VALUES('versions',1);
INSERT INTO "sqlite_sequence" VALUES('runs',7);
COMMIT;
