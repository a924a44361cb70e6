using Compat.Engine.Evaluation;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Engine.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Hooks;

/// <summary>Writes counters, learning rates, outputs of the training step and metrics into the message hub.</summary>
/// <remarks>Source: MMEngine <c>RuntimeInfoHook</c>.</remarks>
public sealed class RuntimeInfoHook : Hook
{
    private readonly Dictionary<string, string> trainKeys = [];
    private string? lastLoopStage;

    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.VeryHigh;

    /// <inheritdoc/>
    public override void BeforeRun(Runner runner)
    {
        runner.MessageHub.UpdateInfo("seed", runner.Seed);
        runner.MessageHub.UpdateInfo("experiment_name", runner.ExperimentName);
    }

    /// <inheritdoc/>
    public override void BeforeTrain(Runner runner)
    {
        MessageHub hub = runner.MessageHub;
        hub.UpdateInfo("loop_stage", "train");
        hub.UpdateInfo("epoch", runner.Progress.Epoch);
        hub.UpdateInfo("iter", runner.Progress.Iter);
        hub.UpdateInfo("max_epochs", runner.MaxEpochs);
        hub.UpdateInfo("max_iters", runner.MaxIters);
    }

    /// <inheritdoc/>
    public override void AfterTrain(Runner runner) => runner.MessageHub.PopInfo("loop_stage");

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(Runner runner) => runner.MessageHub.UpdateInfo("epoch", runner.Progress.Epoch);

    /// <inheritdoc/>
    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
    {
        runner.MessageHub.UpdateInfo("iter", runner.Progress.Iter);
        foreach (LrEntry entry in runner.OptimWrapper.LrEntries)
        {
            runner.MessageHub.UpdateScalar(TrainKey(entry.Name), entry.Groups[0].Lr);
        }
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        Tensor? skipped = runner.OptimWrapper.SkippedStep;
        foreach ((string name, LogValue value) in arguments.Outputs)
        {
            WatchedLoss? watched = WatchedLoss.ForLogged(name, runner.Progress.Iter);
            runner.MessageHub.UpdateScalar(TrainKey(name), value, watched: watched, weight: arguments.Outputs.NumSamples, skipped: skipped);
        }

        foreach ((Tensor value, IScalarSink sink, int slot) in arguments.Outputs.ReadAlong)
        {
            runner.MessageHub.Pending.Add(value, sink, slot);
        }
    }

    /// <inheritdoc/>
    public override void BeforeVal(Runner runner)
    {
        lastLoopStage = runner.MessageHub.TryGetInfo("loop_stage", out string? stage) ? stage : null;
        runner.MessageHub.UpdateInfo("loop_stage", "val");
    }

    /// <inheritdoc/>
    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => Write(runner.MessageHub, "val", arguments.Metrics);

    /// <inheritdoc/>
    public override void AfterVal(Runner runner)
    {
        // A validation may run inside training or alone; the stage goes back to what it was.
        if (lastLoopStage == "train")
        {
            runner.MessageHub.UpdateInfo("loop_stage", lastLoopStage);
        }
        else
        {
            runner.MessageHub.PopInfo("loop_stage");
        }
    }

    /// <inheritdoc/>
    public override void BeforeTest(Runner runner) => runner.MessageHub.UpdateInfo("loop_stage", "test");

    /// <inheritdoc/>
    public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) => Write(runner.MessageHub, "test", arguments.Metrics);

    /// <inheritdoc/>
    public override void AfterTest(Runner runner) => runner.MessageHub.PopInfo("loop_stage");

    private static void Write(MessageHub hub, string stage, IReadOnlyDictionary<string, MetricValue> metrics)
    {
        foreach ((string name, MetricValue value) in metrics)
        {
            // As MMEngine's _is_scalar: an array of one number is a number.
            if (value.IsNumber || value is { IsArray: true, Array.Count: 1 })
            {
                hub.UpdateScalar($"{stage}/{name}", value.IsNumber ? value.Number : value.Array[0]);
            }
            else
            {
                hub.UpdateInfo($"{stage}/{name}", value.IsArray ? value.Array : null);
            }
        }
    }

    private string TrainKey(string name)
    {
        if (!trainKeys.TryGetValue(name, out string? key))
        {
            key = $"train/{name}";
            trainKeys.Add(name, key);
        }

        return key;
    }
}
