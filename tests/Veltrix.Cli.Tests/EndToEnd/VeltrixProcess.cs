using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>The real program in a process of its own, as a shell starts it.</summary>
sealed class VeltrixProcess : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Process process;
    readonly StringBuilder said = new();
    readonly Task<string> error;

    VeltrixProcess(Process process)
    {
        this.process = process;
        error = Listen();
    }

    public int Id => process.Id;

    /// <summary>Its messages so far.</summary>
    public string Said
    {
        get
        {
            lock (said) return said.ToString();
        }
    }

    public static VeltrixProcess Start(params IEnumerable<string> args) => Start(null, args);

    /// <param name="kubeConfig">Its KUBECONFIG; null: as here.</param>
    /// <param name="openFiles">How many files it may open; null: as here.</param>
    public static VeltrixProcess Start(string? kubeConfig, IEnumerable<string> args, int? openFiles = null)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "veltrix");
        var start = new ProcessStartInfo(openFiles is null ? program : "bash", openFiles is null ? args : ["-c", $"ulimit -n {openFiles} && exec \"$0\" \"$@\"", program, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        // The program beside the tests finds its runtime as the tests did.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        if (kubeConfig is not null) start.Environment["KUBECONFIG"] = kubeConfig;
        return new VeltrixProcess(Process.Start(start)!);
    }

    /// <summary>The next line of its standard output, as JSON.</summary>
    public async Task<JsonNode> NextJson() => JsonNode.Parse(await NextLine())!;

    /// <summary>The next line of its standard output.</summary>
    public async Task<string> NextLine()
    {
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        return line ?? throw new InvalidOperationException($"veltrix ended without a word: {await error}");
    }

    /// <summary>As a crash does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    async Task<string> Listen()
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
            lock (said) said.AppendLine(line);
        return Said;
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end, and gives exit code, the rest of its output, and its messages.</summary>
    public async Task<Ran> End(TimeSpan? within = null)
    {
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(within ?? Patience);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return new Ran(process.ExitCode, output, await error);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
