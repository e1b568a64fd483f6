//! smtpspec: the library and the command that touch the world.
