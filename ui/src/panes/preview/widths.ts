// The widths of the devices a page can be tried at, in CSS pixels.
import { type LucideIcon, Monitor, Smartphone, StretchHorizontal, Tablet } from "lucide-react";

export type Width = "fit" | "phone" | "tablet" | "desktop";

export const widths: Record<Width, { label: string; icon: LucideIcon; pixels?: number }> = {
  fit: { label: "As wide as the pane", icon: StretchHorizontal },
  phone: { label: "Phone, 390 px", icon: Smartphone, pixels: 390 },
  tablet: { label: "Tablet, 820 px", icon: Tablet, pixels: 820 },
  desktop: { label: "Desktop, 1280 px", icon: Monitor, pixels: 1280 },
};
