/**
 * Keeps the frame of the page alive when a page breaks: a fault of ours, or data that was not expected.
 *
 * @module
 */
import { Component, type ComponentChildren } from "preact";
import { Failure } from "./placeholders.tsx";
import { PageTitle } from "../components/page_title.tsx";

/** Shows what it holds, or what went wrong with it; a new key starts it again. */
export class Boundary extends Component<{ children: ComponentChildren }, { failure?: Error }> {
  static override getDerivedStateFromError(failure: Error) {
    return { failure };
  }

  override render() {
    const { failure } = this.state;
    const { children } = this.props;
    if (!failure) return children;
    return (
      <>
        <PageTitle>Something broke</PageTitle>
        <Failure failure={failure} />
      </>
    );
  }
}
