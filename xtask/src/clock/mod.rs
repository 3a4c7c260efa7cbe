//! `cargo xtask clock`: the tests on another day, across midnight, or on a busy machine.

mod busy;
mod faketime;
mod shift;

use std::process::Command;

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;

use self::{
    busy::Busy,
    faketime::Faketime,
    shift::{Shift, Shifts},
};
use crate::{process, root};

/// Run the tests with a shifted clock: no test and no function may depend on today's date or on the time of day.
///
/// Every test binary begins at the moment that the shift names, and so does all that it starts: functions, the local AWS, `weir`.
/// Only the wall clock is shifted; waits take as long as ever. Cargo itself runs by the true time. Needs Debian's libfaketime
/// and a C compiler.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask clock                                   the whole suite, five times\n  \
                        cargo xtask clock --shift year-end -- -p weir-tests --test events\n  \
                        cargo xtask clock --shift now --busy                the true time, every core taken"
)]
pub(crate) struct Clock {
    /// `+40d`, `+3y` (any number), `leap-day` (the next 29 February), `year-end` (its last minute), `midnight` (UTC), `now`,
    /// several with commas, or all five
    #[arg(long, default_value = "all", value_name = "SHIFT")]
    shift: Shifts,
    /// Keep every core busy meanwhile
    #[arg(long)]
    busy: bool,
    /// Arguments for `cargo test`, in place of `--workspace --locked --no-fail-fast`
    #[arg(last = true, value_name = "ARGS")]
    tests: Vec<String>,
}

/// Run a program by the shifted clock. `cargo xtask clock` has cargo run each test binary by this.
#[derive(clap::Args)]
pub(crate) struct Shifted {
    /// What is preloaded
    #[arg(long)]
    preload: String,
    /// How far
    #[arg(long)]
    shift: Shift,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

impl Clock {
    pub(crate) fn run(&self) -> Result<()> {
        let Shifts(shifts) = &self.shift;
        let faketime = if shifts.iter().any(|shift| *shift != Shift::Now) { Some(Faketime::find()?) } else { None };
        let _busy = self.busy.then(Busy::start);
        let mut failed = Vec::new();
        for shift in shifts {
            println!("\n==== clock: {shift}");
            if let Err(error) = self.test(*shift, faketime.as_ref()) {
                println!("{error:#}");
                failed.push(shift.to_string());
            }
        }
        ensure!(failed.is_empty(), "tests failed with the clock at {}", failed.join(", "));
        Ok(())
    }

    fn test(&self, shift: Shift, faketime: Option<&Faketime>) -> Result<()> {
        let mut cargo = process::cargo();
        cargo.arg("test").current_dir(root());
        if self.tests.is_empty() {
            cargo.args(["--workspace", "--locked", "--no-fail-fast"]);
        }
        if let Some(faketime) = faketime.filter(|_| shift != Shift::Now) {
            faketime.check(shift)?;
            let (this, shift) = (std::env::current_exe()?.display().to_string(), shift.to_string());
            let runner = [this.as_str(), "shifted", "--preload", faketime.preload(), "--shift", &shift, "--"];
            cargo.arg("--config").arg(format!("target.'cfg(all())'.runner={}", serde_json::to_string(&runner)?));
        }
        process::run(cargo.args(&self.tests))
    }
}

impl Shifted {
    pub(crate) fn run(&self) -> Result<()> {
        let Some((program, arguments)) = self.program.split_first() else { bail!("there is no program to run") };
        let mut command = Command::new(program);
        command.args(arguments);
        faketime::shift_by(&mut command, &self.preload, self.shift.offset(Timestamp::now()));
        // Only a failure comes back.
        Err(std::os::unix::process::CommandExt::exec(&mut command).into())
    }
}
