//! The demo provider's transport: plays a script where others open a socket.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use llm::providers::{Script, Step};
use tokio::time::{Instant, sleep_until};

/// Plays the steps of a script at their pace.
#[derive(Debug)]
pub(super) struct Player {
    steps: VecDeque<Step>,
    /// When the next step is due. Kept over cancelled waits, so that they do not slow the answer down.
    due: Option<Instant>,
}

impl Player {
    pub(super) fn new(script: Script) -> Self {
        Self { steps: script.steps.into(), due: None }
    }

    /// The next bytes, when their time has come.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let pause = Duration::from_millis(self.steps.front()?.after_ms.into());
        let due = *self.due.get_or_insert_with(|| Instant::now() + pause);
        sleep_until(due).await;
        self.due = None;
        self.steps.pop_front().map(|step| step.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(steps: &[(u32, &'static str)]) -> Player {
        let steps =
            steps.iter().map(|(after_ms, text)| Step { after_ms: *after_ms, bytes: Bytes::from(*text) }).collect();
        Player::new(Script { status: 200, content_type: "", steps })
    }

    #[tokio::test]
    async fn a_wait_that_is_cancelled_does_not_start_anew() {
        let mut player = player(&[(3_600_000, "late")]);
        assert!(futures_util::poll!(Box::pin(player.next())).is_pending());
        let due = player.due;
        assert!(due.is_some_and(|due| due > Instant::now()));
        assert!(futures_util::poll!(Box::pin(player.next())).is_pending());
        assert_eq!(player.due, due);
    }

    #[tokio::test]
    async fn every_step_is_played_once_and_in_order() {
        let mut player = player(&[(1, "a"), (0, "b")]);
        assert_eq!(player.next().await.as_deref(), Some(b"a".as_slice()));
        assert_eq!(player.next().await.as_deref(), Some(b"b".as_slice()));
        assert_eq!(player.next().await, None);
    }
}
