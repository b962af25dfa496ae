/** As a `ref`: gives a field the focus with all of its text selected, once, when it appears. */
export const selectAll = (input: HTMLInputElement | null) => {
  input?.focus();
  input?.select();
};
