using System.Runtime.InteropServices;

namespace Veltrix.Cli;

/// <summary>
/// The first signal asks the verb to end cleanly; a second one ends the process at once. The exit code of a process that was told to end is the signal's.
/// </summary>
sealed class Signals : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly List<PosixSignalRegistration> registrations;

    public Signals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Receive(context, Cli.ExitCode.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Receive(context, Cli.ExitCode.Terminated)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Receive(context, Cli.ExitCode.HungUp)),
    ];

    /// <summary>Set for processes that a cluster keeps: they end when their standard input does, which it does also when the keeper is killed.</summary>
    public const string KeptVariable = "VELTRIX_KEPT";

    public CancellationToken Cancel => source.Token;

    /// <summary>The code of the first signal, or null.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Ends the verb with its keeper, where there is one.</summary>
    public void EndWithKeeper(TextReader input)
    {
        if (Environment.GetEnvironmentVariable(KeptVariable) is null) return;
        var thread = new Thread(() =>
        {
            while (input.Read() >= 0)
            {
            }

            source.Cancel();
        }) { IsBackground = true, Name = "keeper" };
        thread.Start();
    }

    void Receive(PosixSignalContext context, int code)
    {
        if (ExitCode is not null) return; // The default handling follows: the end.
        ExitCode = code;
        context.Cancel = true;
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
