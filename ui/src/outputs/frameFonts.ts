/** The Latin part of the two typefaces as style rules whose files are within them. */
import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?inline";
import mono from "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2?inline";

const face = (family: string, url: string) =>
  `@font-face{font-family:"${family}";font-weight:100 900;font-display:swap;src:url(${url}) format("woff2")}`;

export const css = face("Inter Variable", inter) + face("JetBrains Mono Variable", mono);
