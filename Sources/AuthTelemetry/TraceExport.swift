// SPDX-License-Identifier: Apache-2.0
import Logging
package import ServiceLifecycle
import Tracing

extension TraceSettings {
    /// Installs a tracer for the whole process that exports to the collector. Call it once, after logging and metrics
    /// were set up and before anything asks for the tracer.
    ///
    /// - Returns: the service that exports; the first of a process's services, so that it is stopped last.
    package func bootstrap() -> any Service {
        let batcher = SpanBatcher(
            batch, encoder: OTLPEncoder(resource: resource), to: HTTPTraceTransport(self), timeout: timeout,
            logger: Logger(label: "traces"))
        InstrumentationSystem.bootstrap(
            OTLPTracer(sampler: sampler, propagates: propagates, sink: batcher))
        return batcher
    }
}
