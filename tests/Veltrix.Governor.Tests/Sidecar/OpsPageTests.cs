using System.Diagnostics;

namespace Veltrix.Governor.Tests.Sidecar;

/// <summary>The page in a real browser. With VELTRIX_SCREENSHOTS naming a folder it leaves pictures there for people to look at.</summary>
[Collection(OneAtATime.Name)]
public class OpsPageTests
{
    const string Browser = "/usr/bin/chromium";

    [Fact, Trait("speed", "slow")]
    public async Task The_page_draws_limit_reason_signals_and_plot()
    {
        Assert.SkipUnless(File.Exists(Browser), "needs chromium");
        await using var governor = await RunningGovernor.Start(shadows: "scaled,static");
        await governor.Run(40_000);
        for (var i = 0; i < 80; i++)
        {
            governor.Script.MemoryRatio = 0.72 + 0.12 * Math.Sin(i / 12.0);
            governor.Script.Lag = 400 + 350 * Math.Sin(i / 9.0);
            governor.Script.LagSeconds = 0.4;
            governor.Script.OutcomeSeconds = 0.09;
            governor.Script.Flow(Math.Max(0, (long)(500 * Math.Sin(i / 15.0) + 300)), 180);
            governor.Script.Waiting = Math.Max(0, 3_000 - (i - 40) * (i - 40) * 3);
            await governor.Tick();
            var vote = governor.Host.Sidecar.Vote().Votes.Single();
            governor.Host.Sidecar.Apply(1, governor.Applies((long)vote.Limit).Applied);
        }

        var page = await Run("--dump-dom", "--virtual-time-budget=2500", new Uri(governor.Host.HttpUrl, "/ops").ToString());

        var hunt = governor.Now;
        Assert.Contains($"<dd class=\"limit\">{hunt.Told!.Limit:N0}</dd>", page);
        Assert.Contains(hunt.Text, page);
        Assert.Contains("<path class=\"seated\" d=\"M", page);
        Assert.Contains("redis memory", page);
        Assert.Contains("In shadow", page);
        Assert.Contains("orchestrator is there", page);
        if (Environment.GetEnvironmentVariable("VELTRIX_SCREENSHOTS") is { Length: > 0 } folder)
            foreach (var (name, size) in new[] { ("wide", "1280,900"), ("phone", "500,1500") })
                await Run($"--screenshot={Path.Combine(folder, $"ops-{name}.png")}", $"--window-size={size}", "--virtual-time-budget=2500", new Uri(governor.Host.HttpUrl, "/ops").ToString());
    }

    static async Task<string> Run(params string[] args)
    {
        var profile = Directory.CreateTempSubdirectory("veltrix-browser-");
        using var browser = Process.Start(new ProcessStartInfo(Browser, ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile.FullName}", .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = browser.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var page = await browser.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await browser.WaitForExitAsync(TestContext.Current.CancellationToken);
        await errors;
        profile.Delete(recursive: true);
        return page;
    }
}
