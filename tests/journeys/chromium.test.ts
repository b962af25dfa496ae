/** The journey in Chromium, over `sandpitd serve`. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { newPlace, type Place } from "../support/place.ts";
import { leaveNothing, type Served, serve } from "../support/served.ts";
import { type Journey, journey, walk } from "./steps.ts";
import { openChromium } from "./support/chromium.ts";
import { Person } from "./support/person.ts";
import type { Surface } from "./support/surface.ts";

let place: Place;
let served: Served;
let surface: Surface;
let at: Journey;

beforeAll(async () => {
  place = newPlace();
  served = await serve(place);
  surface = await openChromium(served);
  at = { person: new Person(surface), dataDir: place.dataDir, id: "" };
});

afterAll(async () => {
  await surface?.close();
  await served?.server.end();
  if (place) await leaveNothing(place);
});

describe("in Chromium", () => {
  for (const step of journey) it(step[0], () => walk(at, step));
});
