//! The server under test has died in the run: which session did it, and on with a new server.

use std::{collections::VecDeque, sync::Arc};

use smtpspec_core::transcript::Death;
use tokio::time::Instant;

use super::{
    RunError,
    round::{Table, round},
};
use crate::target::{Running, TargetError};

/// Characters kept of what a dead server had printed: the last ones.
const LAST_WORDS: usize = 4096;

/// What is to be told of the server's death, if that is what `error` is.
pub(super) fn of(error: &RunError) -> Option<Death> {
    match error {
        RunError::Target(TargetError::Died { status, output, .. }) => Some(Death {
            status: status.clone(),
            output: tail(output),
            beside: 0,
        }),
        _ => None,
    }
}

fn tail(text: &str) -> String {
    let surplus = text.chars().count().saturating_sub(LAST_WORDS);
    text.chars().skip(surplus).collect()
}

/// Starts the server again and finds which of the sessions in `open` killed it, by playing them one by one. Each is
/// then logged as it was played alone. Returns how often the server has died by then; gives the error back where no
/// session had begun.
pub(super) async fn attribute(
    target: &mut Running,
    table: &mut Table,
    open: &[usize],
    (error, death): (RunError, Death),
    deadline: Instant,
) -> Result<usize, RunError> {
    restart(target, table, &error).await?;
    if let [only] = open
        && table.slots[*only].was_opened()
    {
        table.slots[*only].died(death);
        return Ok(1);
    }
    let disturbed: Vec<_> = open.iter().map(|i| Arc::clone(&table.slots[*i])).collect();
    let mut deaths = 1;
    for index in open {
        table.slots[*index] = Arc::default();
        let mut alone = VecDeque::from([*index]);
        let Err(broken) = round(target, table, &mut alone, 1, deadline, &|_| ()).await else {
            continue;
        };
        let Some(again) = of(&broken.error) else {
            return Err(broken.error);
        };
        table.slots[*index].died(again);
        deaths += 1;
        restart(target, table, &broken.error).await?;
    }
    if deaths == 1 {
        // None of them does it alone: the one in which something happened last stands for all.
        let opened = (0..open.len()).filter(|place| disturbed[*place].was_opened());
        let Some(last) = opened.max_by_key(|place| disturbed[*place].last_at()) else {
            return Err(error);
        };
        table.slots[open[last]] = Arc::clone(&disturbed[last]);
        disturbed[last].died(Death {
            beside: open.len() - 1,
            ..death
        });
    }
    Ok(deaths)
}

async fn restart(
    target: &mut Running,
    table: &mut Table,
    death: &RunError,
) -> Result<(), RunError> {
    table.strays.extend(target.stage().hub.take_strays());
    let restarted = target.restart().await;
    restarted.map_err(|source| RunError::NotAgain {
        death: death.to_string(),
        source,
    })
}
