using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Compat.Gpu.Runner;

/// <summary>Runs the tests of one assembly through xunit's own execution library.</summary>
internal static class TestAssembly
{
    /// <summary>Runs the tests that have a trait, one after the other, and counts them.</summary>
    public static void Run(string path, string[]? trait, TestCount count)
    {
        Assembly assembly = Assembly.LoadFrom(path);
        using XunitTestFramework framework = new(new MessageSink(_ => { }));
        List<ITestCase> cases = [];
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        MessageSink.Until<IDiscoveryCompleteMessage>(
            sink => discoverer.Find(includeSourceInformation: false, sink, new TestOptions()),
            message =>
            {
                if (message is ITestCaseDiscoveryMessage found && Has(found.TestCase, trait))
                {
                    cases.Add(found.TestCase);
                }
            });

        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        MessageSink.Until<ITestAssemblyFinished>(sink => executor.RunTests(cases, sink, new TestOptions()), message => Count(message, count));
    }

    private static bool Has(ITestCase test, string[]? trait) =>
        trait is null || (test.Traits.TryGetValue(trait[0], out List<string>? values) && values.Contains(trait[1]));

    private static void Count(IMessageSinkMessage message, TestCount count)
    {
        switch (message)
        {
            case ITestPassed:
                count.Passed++;
                break;
            case ITestSkipped skipped:
                count.Skipped++;
                Console.WriteLine($"skipped {skipped.Test.DisplayName}: {skipped.Reason}");
                break;
            case ITestFailed failed:
                count.Failed++;
                Console.WriteLine($"FAILED {failed.Test.DisplayName}: {string.Join('\n', failed.Messages)}\n{string.Join('\n', failed.StackTraces)}");
                break;
            default:
                break;
        }
    }
}
