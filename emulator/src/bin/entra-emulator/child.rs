//! The command that runs beside the emulator: they start together and end together.

use std::{ffi::OsString, process::ExitCode, process::ExitStatus, time::Duration};

use anyhow::Context as _;
use emulator::Emulator;
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep, timeout},
};
use url::Url;

use crate::greeting;

/// How long the command may take until it answers.
const START: Duration = Duration::from_mins(1);
/// How long it may take to end when asked to.
const END: Duration = Duration::from_secs(10);

/// Runs the command until it ends or somebody stops us; gives its exit code.
pub(crate) async fn run(
    entra: &Emulator,
    program: &OsString,
    arguments: &[OsString],
    wait: Option<&Url>,
) -> anyhow::Result<ExitCode> {
    // Before there is a child: a signal that came in between would end us and leave it behind.
    let stop = stop_signal()?;
    let mut child = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let greeted = async {
        if let Some(wait) = wait {
            if answers(wait).await? {
                greeting::print(&greeting::beside(entra, wait))?;
            } else {
                tracing::warn!(%wait, "does not answer after {} s", START.as_secs());
            }
        }
        // From here on only the command's end or a signal counts.
        std::future::pending::<anyhow::Result<()>>().await
    };
    tokio::select! {
        ended = child.wait() => Ok(exit_code(ended?)),
        failed = greeted => failed.map(|()| ExitCode::SUCCESS),
        () = stop => end(&mut child).await,
    }
}

/// Listens for Ctrl-C and SIGTERM from now on; the future ends when one of them comes.
pub(crate) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Whether anything answers at the URL, whatever it says, before the time is over.
async fn answers(url: &Url) -> anyhow::Result<bool> {
    #[expect(clippy::disallowed_methods, reason = "one client for one local address, without proxies")]
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if client.get(url.clone()).send().await.is_ok_and(|answer| !answer.status().is_server_error()) {
            return Ok(true);
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}

/// Asks the command to end, then makes it. After Ctrl-C in a terminal it has been asked already.
async fn end(child: &mut Child) -> anyhow::Result<ExitCode> {
    if let Some(id) = child.id() {
        // The standard library can only kill; the tool is on every system that has signals.
        let asked = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await;
        if let Err(error) = asked {
            tracing::warn!(%error, "cannot ask the command to end");
        }
    }
    if let Ok(ended) = timeout(END, child.wait()).await {
        return Ok(exit_code(ended?));
    }
    tracing::warn!("the command does not end: killing it");
    child.kill().await?;
    Ok(ExitCode::FAILURE)
}

/// As a shell gives it: 128 and the signal, when one ended the command.
fn exit_code(status: ExitStatus) -> ExitCode {
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
