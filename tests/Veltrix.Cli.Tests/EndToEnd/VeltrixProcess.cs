using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>The real program in a process of its own, as a shell starts it.</summary>
sealed class VeltrixProcess : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Process process;
    readonly Task<string> error;

    VeltrixProcess(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    public int Id => process.Id;

    public static VeltrixProcess Start(params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "veltrix"), args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        // The program beside the tests finds its runtime as the tests did.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        return new VeltrixProcess(Process.Start(start)!);
    }

    /// <summary>The next line of its standard output, as JSON.</summary>
    public async Task<JsonNode> NextJson()
    {
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        return JsonNode.Parse(line ?? throw new InvalidOperationException($"veltrix ended without a word: {await error}"))!;
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end, and gives exit code, the rest of its output, and its messages.</summary>
    public async Task<Ran> End()
    {
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return new Ran(process.ExitCode, output, await error);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
