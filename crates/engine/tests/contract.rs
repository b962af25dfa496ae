//! The fake engine keeps the contract that it stands in for.

use std::sync::Arc;

use sandpit_engine::{Engine, contract::Subject, fake::FakeEngine};

struct Fake(FakeEngine);

#[async_trait::async_trait]
impl Subject for Fake {
    async fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.0.clone())
    }

    async fn kill_agent(&self, id: &str) {
        self.0.kill_agent(id);
    }

    async fn leftovers(&self, _id: &str) -> Vec<String> {
        Vec::new()
    }
}

sandpit_engine::contract_tests!(Fake(FakeEngine::default()));
