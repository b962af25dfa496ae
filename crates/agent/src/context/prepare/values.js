// Results that are objects or lists as JSON too. The kernel asks an object for a method of this name.
((on) => {
  const display = Symbol.for("Jupyter.display");
  const shownByDeno = ["toDataURL", "toSpec", "toRecords", "outerHTML"];
  const isPlain = (value) =>
    ["[object Object]", "[object Array]"].includes(Object.prototype.toString.call(value)) &&
    !shownByDeno.some((name) => name in value);
  const bundle = (value) => {
    const told = { "text/plain": Deno.inspect(value) };
    try {
      const json = JSON.stringify(value);
      if (json !== undefined) told["application/json"] = JSON.parse(json);
    } catch {
      // What is no JSON (a cycle, a BigInt) is text alone.
    }
    return told;
  };
  delete Object.prototype[display];
  if (!on) return;
  Object.defineProperty(Object.prototype, display, {
    configurable: true,
    get() {
      return isPlain(this) ? () => bundle(this) : undefined;
    },
    set(value) {
      Object.defineProperty(this, display, { value, configurable: true, enumerable: true, writable: true });
    },
  });
})(ON);
