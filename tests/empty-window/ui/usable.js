// Where the app sets the same mark: something is drawn and can be used.
requestAnimationFrame(() => setTimeout(() => performance.mark("usable")));
