using Veltrix.EventLog.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// Runs the tests; or, started again by one of them, is the process that it kills or measures.
return args switch
{
    ["append", var folder, var receipts] => await Victim.Append(folder, receipts),
    ["memory", var folder, var logs] => await Victim.Memory(folder, int.Parse(logs)),
    ["hammer", var bootstrap, var prefix, var atOnce] => await Victim.Hammer(bootstrap, prefix, int.Parse(atOnce)),
    _ when args.Contains("--server") || args.Contains("--internal-msbuild-node") =>
        await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    _ => await ConsoleRunner.Run(args),
};
