import { Component, type ReactNode } from "react";
import { ApiFailure } from "../api/failure";
import { Failed } from "../kit";

/** Keeps what breaks in one pane inside it. */
export class PaneBoundary extends Component<{ children: ReactNode }, { thrown?: unknown }> {
  state: { thrown?: unknown } = {};

  static getDerivedStateFromError(thrown: unknown) {
    return { thrown };
  }

  componentDidCatch(thrown: unknown) {
    console.error(thrown);
  }

  render() {
    const { thrown } = this.state;
    if (thrown === undefined) return this.props.children;
    return <Failed failure={ApiFailure.from(thrown)} onRetry={() => this.setState({ thrown: undefined })} />;
  }
}
