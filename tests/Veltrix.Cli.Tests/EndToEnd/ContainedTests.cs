using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>As in a container, as far as a kernel alone can make one: no rights, no home, no folder for temporary files, and nothing to write to but the data.</summary>
[Trait("speed", "slow")]
public class ContainedTests
{
    const string Nobody = "65534";

    [Fact]
    public async Task The_program_plays_a_hunt_with_a_read_only_root_and_as_nobody()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/unshare") && File.Exists("/usr/bin/setpriv"), "This needs root, unshare and setpriv.");
        using var folder = new TempFolder();
        var program = Copied(folder.File("app"));
        Directory.CreateDirectory(folder.File("data"));
        var dotnet = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        // A mount namespace of its own, in which every file system becomes read-only and the data folder is mounted back writable.
        var script = $"""
            set -e
            chmod 755 {folder.Path}; chown {Nobody} {folder.File("data")}
            mount --make-rprivate /
            mount --bind {folder.File("data")} {folder.File("data")}
            mount -o remount,ro,bind /
            if touch /written {program}.written 2>/dev/null; then echo "the root is not read-only" >&2; exit 9; fi
            cd /
            exec env -i DOTNET_ROOT={dotnet} XDG_DATA_HOME={folder.File("data")} TMPDIR=/nowhere DOTNET_EnableDiagnostics=0 \
              setpriv --reuid {Nobody} --regid {Nobody} --clear-groups --no-new-privs --bounding-set=-all \
              {program} up --port 0 --ops-port 0 --bots 10 --exit-after 5s --json
            """;
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/unshare", ["--mount", "sh", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen((await error).StartsWith("unshare:", StringComparison.Ordinal), "This machine gives nobody a mount namespace.");

        Assert.True(process.ExitCode == 0, await error);
        Assert.True((int)JsonNode.Parse(output.Trim().Split('\n')[^1])!["submissions"]! > 0, output);
        Assert.True(Directory.Exists(folder.File("data/veltrix/logs/capitals/ledger")));
    }

    /// <summary>Without Kerberos it is the second of the three that Confluent.Kafka tries: the first wants libsasl2, which small images do not have.</summary>
    [Fact]
    public void The_client_of_Kafka_comes_with_a_library_that_needs_nothing_but_the_C_library()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ldd"), "This needs ldd.");
        var library = Directory.EnumerateFiles(AppContext.BaseDirectory, "centos8-librdkafka.so", SearchOption.AllDirectories).Single(path => path.Contains("linux-x64", StringComparison.Ordinal));
        using var ldd = Process.Start(new ProcessStartInfo("/usr/bin/ldd", [library]) { RedirectStandardOutput = true })!;
        var needs = ldd.StandardOutput.ReadToEnd();
        ldd.WaitForExit();
        Assert.DoesNotContain("not found", needs);
        string[] glibc = ["linux-vdso", "libm.", "libdl.", "libpthread.", "librt.", "libc.", "/lib64/ld-linux"];
        Assert.All(needs.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), line => Assert.Contains(glibc, line.StartsWith));
    }

    // The checkout may lie where nobody else may look.
    static string Copied(string to)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(to, "veltrix");
    }
}
