/**
 * Tasks on other machines, over one real server: what they see and write is what it is on the pool.
 *
 * @module
 */
import { runPipeline, startPipeline } from "../../mod.ts";
import { readResults } from "../../db.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { remotely, startWorker } from "../support/remote.ts";
import { read } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
