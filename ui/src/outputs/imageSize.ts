/** The size of a picture from its first bytes, so that its place is kept before it is drawn and nothing jumps. */

export interface Size {
  width: number;
  height: number;
}

/** Base64 characters looked at: enough for the headers of a photograph with a colour profile. */
const HEAD = 64 * 1024;

export function imageSize(mime: string, base64: string): Size | undefined {
  try {
    const head = atob(base64.slice(0, HEAD));
    const view = new DataView(Uint8Array.from(head, (character) => character.charCodeAt(0)).buffer);
    const size = mime === "image/png" ? pngSize(view) : mime === "image/jpeg" ? jpegSize(view) : undefined;
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}

function pngSize(view: DataView): Size | undefined {
  const isPng = view.getUint32(0) === 0x89504e47 && view.getUint32(12) === 0x49484452;
  return isPng ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined;
}

/** Walks the segments to the start of frame (SOF0–SOF15 without DHT, JPG and DAC). */
function jpegSize(view: DataView): Size | undefined {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
