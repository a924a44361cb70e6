using Compat.Gpu.Runner;
using Compat.Torch.Native;

if (args is not [] and not [var _])
{
    Console.Error.WriteLine("Usage: Gpu.Runner [NAME=VALUE]   runs the tests with that trait, for example Category=Cuda; without it, all of them.");
    return 2;
}

string[]? trait = args is [string text] ? text.Split('=', 2) : null;
if (trait is [_])
{
    Console.Error.WriteLine($"The trait is '{args[0]}'; write it as NAME=VALUE, for example Category=Cuda.");
    return 2;
}

Console.WriteLine(TorchEnvironment.Describe());
TestCount count = new();
foreach (string assembly in Directory.EnumerateFiles(AppContext.BaseDirectory, "Compat.*.Tests.dll").Order())
{
    TestAssembly.Run(assembly, trait, count);
}

Console.WriteLine(count);
if (count.Passed + count.Failed == 0)
{
    Console.Error.WriteLine(count.Skipped == 0 ? "No test ran: none has that trait." : "No test ran: all were skipped, for the reasons above.");
    return 1;
}

return count.Failed == 0 ? 0 : 1;
