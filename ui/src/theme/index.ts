import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./tokens.css";
import "./base.css";

export { followTheme, type ThemeChoice, useTheme } from "./theme";
