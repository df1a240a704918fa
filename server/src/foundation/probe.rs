//! The gateway's question to a provider, as `control` asks it: neither of the two knows the other.

use control::{OfferedId, Probe, ProbeTarget, Probed};
use gateway::Prober;
use llm::offer::Offered;
use store::pool::Pools;

pub struct GatewayProbe(Prober);

impl GatewayProbe {
    pub fn new(pools: Pools) -> Self {
        Self(Prober::new(pools))
    }
}

impl Probe for GatewayProbe {
    fn models<'a>(&'a self, target: ProbeTarget<'a>) -> Probed<'a> {
        let ProbeTarget { kind, preset, url, credential } = target;
        Box::pin(async move {
            let offered = self.0.models(gateway::ProbeTarget { kind, preset, url, credential }).await?;
            let id =
                |it: Offered| OfferedId { id: it.id, context_window: it.context_window, max_output: it.max_output };
            Ok(offered.into_iter().map(id).collect())
        })
    }
}
