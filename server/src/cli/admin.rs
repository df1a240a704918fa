//! `tallygate admin`: acts of the operator, who has the shell and the database.

use std::io::Read;

use clap::{Subcommand, ValueEnum};
use control::{
    Actor, Context,
    users::{self, NewUser},
};
use domain::role::InstanceRole;

use super::rotate;
use crate::{Config, clock::SystemEntropy, foundation::Foundation};

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Print a new virtual key for a bundle's `secret_env`. Nothing is stored.
    NewKey,
    /// Create a user; the password is read from standard input.
    CreateUser {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value = "user")]
        role: Role,
    },
    /// Set a new password, read from standard input, and end all sessions of the user.
    ResetPassword {
        #[arg(long)]
        email: String,
    },
    /// Change the key that seals the stored credentials.
    ///
    /// This makes a new key, which seals nothing yet. The next start of the server seals everything again with it. With --finish
    /// the older keys go, unless something or a running server still needs one.
    RotateMasterKey {
        /// End a rotation; without a running server this is also the step that seals everything again.
        #[arg(long)]
        finish: bool,
    },
}

/// [`InstanceRole`] as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    User,
    Admin,
    Owner,
}

impl From<Role> for InstanceRole {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

/// Prints a key and nothing else, so that a script can take it.
pub fn new_key() -> anyhow::Result<()> {
    println!("{}", auth::api_key::MadeKey::make(&SystemEntropy).show_once());
    Ok(())
}

pub async fn run(config: Config, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::NewKey => new_key(),
        Admin::CreateUser { email, name, role } => {
            let user = NewUser { email: email.clone(), name, role: role.into(), password: password()? };
            let create = async |control: &Context| users::create(control, &Actor::operator(), user).await.map(drop);
            act(config, create).await?;
            println!("created {email}");
            Ok(())
        }
        Admin::ResetPassword { email } => {
            let password = password()?;
            let reset =
                async |control: &Context| users::reset_password(control, &Actor::operator(), &email, password).await;
            act(config, reset).await?;
            println!("{email} has a new password and no session");
            Ok(())
        }
        Admin::RotateMasterKey { finish: false } => rotate::begin(config).await,
        Admin::RotateMasterKey { finish: true } => rotate::finish(config).await,
    }
}

/// One operation on a foundation that is laid for it and removed again.
async fn act(
    mut config: Config,
    operation: impl AsyncFnOnce(&Context) -> Result<(), control::Error>,
) -> anyhow::Result<()> {
    let foundation = Foundation::lay(&mut config).await?;
    let outcome = operation(&foundation.control).await;
    foundation.remove().await?;
    outcome.map_err(|error| anyhow::anyhow!("{}", error.into_api()))
}

/// One line from standard input: never an argument, which other users of the machine could read.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1024).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
