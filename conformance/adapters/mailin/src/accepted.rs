//! Whom the server accepted last.
//!
//! mailin-embedded tells its handlers the client's address without the port, by which smtpspec knows its connections.
//! So the port is taken where the standard library accepts: the linker prefers this `accept4` to libc's.

use std::{
    ffi::c_int,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{Mutex, PoisonError},
};

static LAST: Mutex<Option<SocketAddr>> = Mutex::new(None);

/// The client of the last connection. The server accepts and makes the connection's handler in one thread.
pub fn last() -> Option<SocketAddr> {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts as libc does.
///
/// # Safety
/// As that of `accept4(2)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(
    listener: c_int,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the system call takes what our caller passes, under the same conditions.
    let socket = unsafe { libc::syscall(libc::SYS_accept4, listener, address, length, flags) };
    if socket >= 0 && !address.is_null() {
        // SAFETY: a call that succeeds has filled in an address of the family that it names.
        let peer = unsafe {
            (i32::from((*address).sa_family) == libc::AF_INET)
                .then(|| *address.cast::<libc::sockaddr_in>())
        };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = peer.map(from_kernel);
    }
    // A file descriptor or -1.
    socket as c_int
}

fn from_kernel(address: libc::sockaddr_in) -> SocketAddr {
    let host = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
    SocketAddrV4::new(host, u16::from_be(address.sin_port)).into()
}
