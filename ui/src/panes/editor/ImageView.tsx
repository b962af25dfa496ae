import { useEffect, useState } from "react";
import { Button } from "../../kit";
import css from "./Editor.module.css";
import { sizeText } from "./text";

/** A picture on a checkerboard: fitted into the pane, or at its own size. */
export function ImageView({ bytes, type, name, onText }: ImageViewProps) {
  const [url, setUrl] = useState<string>();
  const [actual, setActual] = useState(false);
  const [size, setSize] = useState<{ width: number; height: number }>();
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    setBroken(false);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return (
    <div className={css.pane} data-testid="image">
      <div className={css.picture} data-actual={actual || undefined}>
        {broken ? (
          <p className={css.broken}>This picture cannot be shown: its bytes are not a whole {type}.</p>
        ) : (
          url && (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the button below does the same
            <img
              src={url}
              alt={name}
              onClick={() => setActual(!actual)}
              onError={() => setBroken(true)}
              onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
                setSize({ width: naturalWidth, height: naturalHeight })
              }
            />
          )
        )}
      </div>
      <footer className={css.foot}>
        <span className={css.path}>{name}</span>
        <span className={css.space} />
        {onText && (
          <Button small tone="quiet" onClick={onText}>
            Edit as text
          </Button>
        )}
        <Button small tone="quiet" aria-pressed={actual} onClick={() => setActual(!actual)}>
          {actual ? "Fit" : "100 %"}
        </Button>
        {size && (
          <span data-testid="image-size">
            {size.width} × {size.height}
          </span>
        )}
        <span>{sizeText(bytes.length)}</span>
        <span>{type}</span>
      </footer>
    </div>
  );
}

interface ImageViewProps {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  name: string;
  /** For pictures that are text as well. */
  onText?: () => void;
}
