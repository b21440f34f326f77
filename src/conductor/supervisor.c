/*-------------------------------------------------------------------------
 *
 * src/conductor/supervisor.c
 *	  Runs arbees.worker_command as a child of the conductor.
 *
 * The child shares nothing with the server: no descriptor but its standard
 * error, no signal handler, no process group. It dies with the conductor, even
 * when that is killed -9 (parent-death signal), and with nobody else: a signal
 * to the conductor's group does not reach it. Only this child is waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conductor/supervisor.h"
#include "core/clock.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "postmaster/postmaster.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#define FIRST_BACKOFF_MS	200
#define LAST_BACKOFF_MS		5000
/* A child that lived this long was well; its next end starts the back-off anew. */
#define WELL_MS				10000
/* Time a child has to end after SIGTERM. */
#define GRACE_MS			5000

static struct
{
	pid_t		pid;			/* 0 when none runs */
	char	   *command;		/* of the one that runs */
	TimestampTz started_at;
	TimestampTz start_after;
	int			backoff_ms;
}			child;

/* arb_supervisor_pid returns the child's pid, 0 when none runs. */
int
arb_supervisor_pid(void)
{
	return (int) child.pid;
}

/* Closes everything but the three standard descriptors. */
static void
close_descriptors(void)
{
	long		limit = sysconf(_SC_OPEN_MAX);
	DIR		   *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int			fd;

	if (dir == NULL)
	{
		for (fd = 3; fd < (limit > 0 ? limit : 1024); fd++)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
	{
		fd = (int) strtol(entry->d_name, NULL, 10);
		if (fd > 2 && fd != dirfd(dir))
			close(fd);
	}
	closedir(dir);
}

/* The first directory of the server's sockets, or loopback where there is none. */
static char *
server_host(void)
{
	char	   *copy = pstrdup(Unix_socket_directories);
	List	   *directories;

	if (SplitDirectoriesString(copy, ',', &directories) && directories != NIL)
		return (char *) linitial(directories);
	return "127.0.0.1";
}

/* The child's life up to exec; nothing here may use the server's memory for writing or its error reports. */
static pg_attribute_noreturn() void
become_worker(pid_t parent, const char *command, const char *host, const char *port, const char *database)
{
	sigset_t	none;
	int			null_fd;
	int			sig;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	setpgid(0, 0);
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null_fd = open("/dev/null", O_RDONLY);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(1);
	close_descriptors();
	setenv("PGHOST", host, 1);
	setenv("PGPORT", port, 1);
	setenv("PGDATABASE", database, 1);
	execl("/bin/sh", "sh", "-c", command, (char *) NULL);
	_exit(127);
}

static void
start(const char *command, const char *database)
{
	char	   *exec_command = psprintf("exec %s", command);
	char	   *host = server_host();
	char	   *port = psprintf("%d", PostPortNumber);
	pid_t		parent = getpid();
	pid_t		pid;

	fflush(NULL);
	/* No handler of ours may run in the child before it is reset there. */
	sigprocmask(SIG_SETMASK, &BlockSig, NULL);
	pid = fork();
	if (pid == 0)
		become_worker(parent, exec_command, host, port, database);
	sigprocmask(SIG_SETMASK, &UnBlockSig, NULL);
	child.start_after = arb_now() + child.backoff_ms * USECS_PER_MS;
	if (pid < 0)
	{
		ereport(LOG, (errmsg("could not start the worker: %m")));
		return;
	}
	child.pid = pid;
	child.started_at = arb_now();
	child.command = MemoryContextStrdup(TopMemoryContext, command);
	/* The command may carry names of key files; the log gets its first word. */
	ereport(LOG,
			(errmsg("started worker %.*s, pid %d", (int) strcspn(command, " \t"), command, (int) pid)));
}

static void
forget_child(int status)
{
	bool		was_well = arb_elapsed_ms(child.started_at, arb_now()) >= WELL_MS;

	child.backoff_ms = was_well ? FIRST_BACKOFF_MS : Min(child.backoff_ms * 2, LAST_BACKOFF_MS);
	child.start_after = arb_now() + child.backoff_ms * USECS_PER_MS;
	if (WIFSIGNALED(status))
		ereport(LOG, (errmsg("worker with pid %d was ended by signal %d", (int) child.pid, WTERMSIG(status))));
	else
		ereport(LOG, (errmsg("worker with pid %d exited with code %d", (int) child.pid, WEXITSTATUS(status))));
	pfree(child.command);
	child.command = NULL;
	child.pid = 0;
}

static void
reap(void)
{
	int			status = 0;

	if (child.pid != 0 && waitpid(child.pid, &status, WNOHANG) == child.pid)
		forget_child(status);
}

/* arb_supervisor_stop ends the child: asks, waits, insists. */
void
arb_supervisor_stop(void)
{
	int			waited_ms;

	reap();
	if (child.pid == 0)
		return;
	kill(child.pid, SIGTERM);
	for (waited_ms = 0; child.pid != 0 && waited_ms < GRACE_MS; waited_ms += 10)
	{
		pg_usleep(10000);
		reap();
	}
	if (child.pid == 0)
		return;
	ereport(LOG, (errmsg("worker with pid %d did not end within %d ms", (int) child.pid, GRACE_MS)));
	kill(child.pid, SIGKILL);
	while (child.pid != 0)
	{
		pg_usleep(10000);
		reap();
	}
}

/* arb_supervisor_run keeps one child running; an empty command keeps none. */
void
arb_supervisor_run(const char *command, const char *database)
{
	if (child.backoff_ms == 0)
		child.backoff_ms = FIRST_BACKOFF_MS;
	reap();
	if (child.pid != 0 && strcmp(child.command, command) != 0)
		arb_supervisor_stop();
	if (child.pid == 0 && *command != '\0' && arb_now() >= child.start_after)
		start(command, database);
}
