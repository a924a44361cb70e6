using System.Globalization;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;

namespace Compat.Engine.Tests.Support;

/// <summary>Writes down at which points it is called, and with which numbers of epoch and iteration.</summary>
internal sealed class RecordingHook : Hook
{
    public List<string> Points { get; } = [];

    public List<string> Numbers { get; } = [];

    public override void BeforeRun(Runner runner) => Add(runner, "before_run");

    public override void BeforeTrain(Runner runner) => Add(runner, "before_train");

    public override void BeforeTrainEpoch(Runner runner) => Add(runner, "before_train_epoch");

    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) => Add(runner, $"before_train_iter {arguments.BatchIndex}");

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Add(runner, $"after_train_iter {arguments.BatchIndex}");

    public override void AfterTrainEpoch(Runner runner) => Add(runner, "after_train_epoch");

    public override void BeforeVal(Runner runner) => Add(runner, "before_val");

    public override void BeforeValEpoch(Runner runner) => Add(runner, "before_val_epoch");

    public override void BeforeValIter(Runner runner, BeforeIterArguments arguments) => Add(runner, $"before_val_iter {arguments.BatchIndex}");

    public override void AfterValIter(Runner runner, AfterValIterArguments arguments) => Add(runner, $"after_val_iter {arguments.BatchIndex}");

    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) =>
        Add(runner, string.Create(CultureInfo.InvariantCulture, $"after_val_epoch {arguments.Metrics["mAP"].Number}"));

    public override void AfterVal(Runner runner) => Add(runner, "after_val");

    public override void BeforeTest(Runner runner) => Add(runner, "before_test");

    public override void BeforeTestEpoch(Runner runner) => Add(runner, "before_test_epoch");

    public override void BeforeTestIter(Runner runner, BeforeIterArguments arguments) => Add(runner, $"before_test_iter {arguments.BatchIndex}");

    public override void AfterTestIter(Runner runner, AfterTestIterArguments arguments) => Add(runner, $"after_test_iter {arguments.BatchIndex}");

    public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) =>
        Add(runner, string.Create(CultureInfo.InvariantCulture, $"after_test_epoch {arguments.Metrics["mAP"].Number}"));

    public override void AfterTest(Runner runner) => Add(runner, "after_test");

    public override void AfterTrain(Runner runner) => Add(runner, "after_train");

    public override void AfterRun(Runner runner) => Add(runner, "after_run");

    private void Add(Runner runner, string point)
    {
        Points.Add(point);
        Numbers.Add($"{point.Split(' ')[0]} {runner.Progress.Epoch}/{runner.Progress.Iter}");
    }
}
