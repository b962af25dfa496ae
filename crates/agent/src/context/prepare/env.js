((given) => {
  const place = Symbol.for("sandpit.env");
  const kept = globalThis[place] ?? {};
  delete globalThis[place];
  const set = (all) => {
    for (const [name, value] of Object.entries(all)) {
      if (value === null) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  };
  set(kept);
  if (given === null) return;
  const now = Object.keys(given).map((name) => [name, Deno.env.get(name) ?? null]);
  Object.defineProperty(globalThis, place, { configurable: true, value: Object.fromEntries(now) });
  set(given);
})(JSON.parse(GIVEN));
