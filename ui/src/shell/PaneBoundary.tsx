import { Component, type ReactNode } from "react";
import { ApiFailure } from "../api/failure";
import { Failed } from "../kit";

/** A mistake of the page's own is told as one. A module that did not come is what a gateway that is gone looks like. */
const failureOf = (thrown: unknown) =>
  thrown instanceof TypeError && !/module/i.test(thrown.message)
    ? new ApiFailure("INTERNAL_ERROR", "Something in this pane went wrong.", { suggestion: thrown.message })
    : ApiFailure.from(thrown);

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
    return <Failed failure={failureOf(thrown)} onRetry={() => this.setState({ thrown: undefined })} />;
  }
}
