using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>The order of hooks in MMCV's runners, and its description.</summary>
[Trait("Category", "Golden")]
public sealed class HookOrderGoldenTests
{
    // These two do not exist yet; they are taken out of the recorded order, which is that of the others.
    private static readonly string[] NotYet = ["StepMomentumUpdaterHook", "CheckpointHook"];

    private static readonly GoldenCases File = new("hook_order.json");

    // Hooks by configuration are registered like any others, last.
    public static TheoryData<string> Orders => File.Where(entry =>
        IsOfMmcv(entry) && entry.GetProperty("kind").GetString() == "order" && !GoldenCases.Has(entry, "error"));

    public static TheoryData<string> Refusals => File.Where(entry =>
        IsOfMmcv(entry) && GoldenCases.Has(entry, "error") && entry.GetProperty("id").GetString()!.Contains("priority_", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Orders))]
    public void Hooks_are_in_the_order_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        string training = GoldenCases.Text(golden, "training_hooks") ?? "none";
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using WorkflowRunner runner = GoldenRunner.Make(model, golden, 1, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });
        List<UserHook> users = [];

        if (training is "before" or "custom_hooks_config")
        {
            RegisterTrainingHooks(runner);
        }

        foreach (JsonElement priority in golden.GetProperty("priorities").EnumerateArray())
        {
            users.Add(new UserHook());
            runner.RegisterHook(users[^1], Priority(priority));
        }

        if (training == "after")
        {
            RegisterTrainingHooks(runner);
        }

        runner.Hooks.Select(hook => $"{NameOf(hook, users)} {runner.PriorityOf(hook).Value}").Should().Equal(
            golden.GetProperty("hooks").EnumerateArray()
                .Select(hook => $"{hook[0].GetString()} {hook[1].GetInt32()}")
                .Where(hook => !NotYet.Any(name => hook.StartsWith(name, StringComparison.Ordinal))));
        runner.GetHookInfo().Split('\n').Should().Equal(
            golden.GetProperty("hook_info").GetString()!.Split('\n').Where(line => !NotYet.Any(name => line.Contains(name, StringComparison.Ordinal))));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_mmcv_refuses_as_a_priority_is_refused(string id)
    {
        string text = id[(id.LastIndexOf('_') + 1)..];
        if (text.Contains('.', StringComparison.Ordinal))
        {
            // Ruled out by type HookPriority: it is made of a whole number.
            typeof(HookPriority).GetConstructors().Single().GetParameters().Single().ParameterType.Should().Be<int>();
            return;
        }

        Action make = () => _ = int.TryParse(text, out int number) ? new HookPriority(number) : HookPriority.Parse(text);

        make.Should().Throw<Exception>().Which.Should().Match(error => error is ArgumentOutOfRangeException || error is KeyNotFoundException);
    }

    private static bool IsOfMmcv(JsonElement entry) => entry.GetProperty("id").GetString()!.StartsWith("mmcv/", StringComparison.Ordinal);

    private static HookPriority? Priority(JsonElement priority) => priority.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => priority.GetInt32(),
        _ => HookPriority.Parse(priority.GetString()!),
    };

    private static string NameOf(Hook hook, List<UserHook> users) => hook is UserHook user ? $"User{users.IndexOf(user)}" : hook.GetType().Name;

    private static void RegisterTrainingHooks(WorkflowRunner runner) => runner.RegisterTrainingHooks(new TrainingHookOptions
    {
        LrConfig = new StepLrConfig { Step = [1] },
        OptimizerConfig = new OptimizerConfig(),
        LogConfig = new LogConfig { Interval = 10 },
    });

    private sealed class UserHook : Hook
    {
    }
}
