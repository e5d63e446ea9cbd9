/** Tasks that end in the commit in which they come are written once; nothing else tells it. */
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { connect } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
