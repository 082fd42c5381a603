using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>Every test here relies on being told of errors and of violations of the policy. This one sees to it that they are told.</summary>
public class WatchTests(Chromium chromium) : PageTest(chromium)
{
    [Fact]
    public async Task Errors_and_violations_of_the_policy_are_noticed()
    {
        await Site.Publish(Quiz);
        var page = await Visit("/play/quiz");
        await Expect(page.Page.Locator("input[name=nickname]")).ToBeVisibleAsync();
        Assert.Empty(page.Faults);

        await page.Page.EvaluateAsync("() => { const inline = document.createElement('script'); inline.textContent = 'window.ran = true'; document.head.append(inline); }");
        await page.Page.EvaluateAsync("() => { setTimeout(() => { throw new Error('thrown by the test'); }); }");
        await page.Page.WaitForFunctionAsync("() => new Promise((passed) => setTimeout(() => passed(true), 100))");

        Assert.Contains(page.Faults, fault => fault.Contains("Policy violated: script-src"));
        Assert.Contains(page.Faults, fault => fault.Contains("thrown by the test"));
        Assert.False(await page.Page.EvaluateAsync<bool>("window.ran === true"));
        page.Expects("Policy violated: script-src");
        page.Expects("Content Security Policy");
        page.Expects("thrown by the test");
    }
}
