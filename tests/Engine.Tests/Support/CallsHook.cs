using System.Globalization;
using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.TestSupport;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Support;

/// <summary>Writes down every call as the golden files do: stage, counters, and what the stage is told.</summary>
/// <param name="general">Whether the calls of the general methods are written down, too.</param>
/// <param name="modes">Whether it is written down, before an iteration, if the model trains or evaluates.</param>
internal sealed class CallsHook(bool general = false, bool modes = false) : Hook
{
    public List<string> Calls { get; } = [];

    /// <summary>Gets what is done at each call, behind writing it down.</summary>
    public Action<Runner, string> OnCall { get; init; } = static (_, _) => { };

    public override HookPriority Priority => HookPriority.Lowest;

    /// <summary>Reads the calls of a golden case.</summary>
    public static string[] Read(JsonElement calls) => [.. calls.EnumerateArray().Select(call => string.Join(' ', call.EnumerateArray().Select(Text)))];

    /// <summary>Makes a hook that does what the script of a golden case says, if it has one.</summary>
    public static CallsHook Scripted(JsonElement golden)
    {
        if (!golden.TryGetProperty("script", out JsonElement script))
        {
            return new CallsHook(modes: true);
        }

        int left = script.GetProperty("n").GetInt32();
        return new CallsHook(modes: true)
        {
            OnCall = (runner, stage) =>
            {
                if (stage != script.GetProperty("at").GetString() || --left != 0)
                {
                    return;
                }

                if (script.GetProperty("do").GetString() == "raise")
                {
                    throw new InterruptedException();
                }

                runner.TrainLoop!.StopTraining = true;
            },
        };
    }

    public override void BeforeRun(Runner runner) => Add(runner, "before_run");

    public override void BeforeTrain(Runner runner) => Add(runner, "before_train");

    public override void BeforeTrainEpoch(Runner runner)
    {
        Add(runner, "before_train_epoch");
        base.BeforeTrainEpoch(runner);
    }

    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
    {
        AddBefore(runner, "before_train_iter", arguments);
        base.BeforeTrainIter(runner, arguments);
    }

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        Add(runner, "after_train_iter", Number(arguments.BatchIndex));
        base.AfterTrainIter(runner, arguments);
    }

    public override void AfterTrainEpoch(Runner runner)
    {
        Add(runner, "after_train_epoch");
        base.AfterTrainEpoch(runner);
    }

    public override void BeforeVal(Runner runner) => Add(runner, "before_val");

    public override void BeforeValEpoch(Runner runner)
    {
        Add(runner, "before_val_epoch");
        base.BeforeValEpoch(runner);
    }

    public override void BeforeValIter(Runner runner, BeforeIterArguments arguments)
    {
        AddBefore(runner, "before_val_iter", arguments);
        base.BeforeValIter(runner, arguments);
    }

    public override void AfterValIter(Runner runner, AfterValIterArguments arguments)
    {
        Add(runner, "after_val_iter", Number(arguments.BatchIndex));
        base.AfterValIter(runner, arguments);
    }

    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments)
    {
        Add(runner, "after_val_epoch", Text(arguments.Metrics));
        base.AfterValEpoch(runner, arguments);
    }

    public override void AfterVal(Runner runner) => Add(runner, "after_val");

    public override void BeforeTest(Runner runner) => Add(runner, "before_test");

    public override void BeforeTestEpoch(Runner runner)
    {
        Add(runner, "before_test_epoch");
        base.BeforeTestEpoch(runner);
    }

    public override void BeforeTestIter(Runner runner, BeforeIterArguments arguments)
    {
        AddBefore(runner, "before_test_iter", arguments);
        base.BeforeTestIter(runner, arguments);
    }

    public override void AfterTestIter(Runner runner, AfterTestIterArguments arguments)
    {
        Add(runner, "after_test_iter", Number(arguments.BatchIndex));
        base.AfterTestIter(runner, arguments);
    }

    public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments)
    {
        Add(runner, "after_test_epoch", Text(arguments.Metrics));
        base.AfterTestEpoch(runner, arguments);
    }

    public override void AfterTest(Runner runner) => Add(runner, "after_test");

    public override void AfterTrain(Runner runner) => Add(runner, "after_train");

    public override void AfterRun(Runner runner) => Add(runner, "after_run");

    protected override void BeforeEpoch(Runner runner, LoopMode mode) => AddGeneral("_before_epoch", mode);

    protected override void AfterEpoch(Runner runner, AfterEpochArguments arguments, LoopMode mode) => AddGeneral("_after_epoch", mode);

    protected override void BeforeIter(Runner runner, BeforeIterArguments arguments, LoopMode mode) => AddGeneral("_before_iter", mode);

    protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode) => AddGeneral("_after_iter", mode);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(IReadOnlyDictionary<string, MetricValue> metrics) =>
        string.Join(',', metrics.Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Key}={metric.Value.Number}")));

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "-",
        JsonValueKind.Object => string.Join(
            ',', value.EnumerateObject().Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Name}={metric.Value.Number()}"))),
        _ => value.ToString(),
    };

    private void AddBefore(Runner runner, string stage, BeforeIterArguments arguments)
    {
        string mode = runner.Model.training ? " training" : " evaluating";
        Add(runner, stage, Number(arguments.BatchIndex) + (modes ? mode : string.Empty));
    }

    private void Add(Runner runner, string stage, string? rest = null)
    {
        string counters = runner.TrainLoop is null ? "- -" : $"{runner.Progress.Epoch} {runner.Progress.Iter}";
        Calls.Add(rest is null ? $"{stage} {counters}" : $"{stage} {counters} {rest}");
        OnCall(runner, stage);
    }

    private void AddGeneral(string method, LoopMode mode)
    {
        if (general)
        {
            Calls.Add($"{method} {mode.ToString().ToLowerInvariant()}");
        }
    }
}
