using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Trains iteration by iteration, as a workflow says. Weights are updated by a hook, not by the runner.</summary>
/// <remarks>
/// <para>There are no epochs: of the hooks' epoch methods only the general ones are called, once around the whole run (<see cref="HookStage.BeforeEpoch"/>,
/// <see cref="HookStage.AfterEpoch"/>). Each loader starts again when it is through, and its sampler is told the number of the pass.
/// <see cref="BaseRunner.Epoch"/> is that of the last loader that training asked for a batch, before it asked: it lags one iteration behind.</para>
/// <para><see cref="BaseRunner.InnerIter"/> counts the iterations of the present flow. Loggers print no line for a validation; its values are averaged
/// together with those of the training. Source: MMCV <c>IterBasedRunner</c>, without its pauses, which protect Python's worker processes.</para>
/// </remarks>
public class IterBasedRunner : WorkflowRunner
{
    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model; it has a training step (<see cref="ITrainStep"/>). Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The model has no training step, or both limits are set.</exception>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "What is protected in the base is for runners that derive from this one.")]
    public IterBasedRunner(nn.Module model, RunnerOptions options)
        : base(model, options)
    {
    }

    /// <inheritdoc/>
    protected override bool DefaultByEpoch => false;

    private protected override (int Done, int? Max, string Units, string Option) Count => (Iter, MaxIters, "iters", nameof(MaxIters));

    // MMCV hands the optimizer to the validation step in its other runner only.
    private protected override OptimizerSet? OptimizerOfVal => null;

    /// <summary>Says in the log which schedules wait for epochs that never come, and that the values of a validation are printed with those of the training.</summary>
    /// <remarks>The runner does it itself, before the hooks before the run; the method is public for who drives the runner from outside.</remarks>
    /// <param name="workflow">The flows.</param>
    public void WarnOfMissingEpochs(IReadOnlyList<WorkflowStep> workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        foreach (ScheduleHook hook in Hooks.OfType<ScheduleHook>().Where(hook => hook.ByEpoch))
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.ScheduleWithoutEpochs,
                $"{hook.Name} counts epochs, but {GetType().Name} has none: it sets nothing, as in MMCV. Set its ByEpoch to false.");
        }

        if (workflow.Any(flow => flow is { Mode: "val", Epochs: > 0 }) && Hooks.Any(hook => hook is LoggerHook))
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.ValInTrainLines,
                "The values of the 'val' flow are averaged into the lines of the training, and no line of their own is printed, as in MMCV's IterBasedRunner. "
                + "Use an EpochBasedRunner for validation lines.");
        }
    }

    /// <summary>Trains one iteration.</summary>
    /// <param name="dataLoader">Gives the batch.</param>
    protected virtual void Train(IterLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.train();
        State.Mode = "train";
        State.DataLoader = dataLoader.Loader;
        State.Epoch = dataLoader.Epoch;                               // before the batch is asked for, which may begin another pass
        TrainIter(InnerIter, dataLoader.Next());
        State.InnerIter++;
        if (Iter % dataLoader.Length == 0)
        {
            LogBuffer.Flush();                                        // a loss that nobody looked at is found here at the latest
        }
    }

    /// <summary>Validates one batch: runs the model's validation step, without gradients. It does not count as a training iteration.</summary>
    /// <param name="dataLoader">Gives the batch.</param>
    protected virtual void Val(IterLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.eval();
        State.Mode = "val";
        State.DataLoader = dataLoader.Loader;
        ValIter(InnerIter, dataLoader.Next());
        State.InnerIter++;
    }

    /// <summary>Finds what runs an iteration of a mode. Override it to add a mode.</summary>
    /// <param name="mode">The mode of a flow.</param>
    /// <returns>What runs one iteration.</returns>
    /// <exception cref="ArgumentException">There is no such mode.</exception>
    protected virtual Action<IterLoader> ResolveMode(string mode) => mode switch
    {
        "train" => Train,
        "val" => Val,
        _ => throw UnknownMode(mode),
    };

    private protected override IEnumerable<int> RunFlows(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, int max)
    {
        List<IterLoader> loaders = [.. dataLoaders.Select(loader => new IterLoader(loader))];
        try
        {
            CallHook(HookStage.BeforeEpoch);
            while (Iter < max)
            {
                foreach ((WorkflowStep flow, IterLoader loader) in workflow.Zip(loaders))
                {
                    State.InnerIter = 0;
                    Action<IterLoader> runIteration = ResolveMode(flow.Mode);
                    for (int i = 0; GoesOn(flow, i, max); i++)
                    {
                        runIteration(loader);
                        yield return Iter;
                    }
                }
            }

            LogBuffer.Flush();
            CallHook(HookStage.AfterEpoch);
        }
        finally
        {
            loaders.ForEach(loader => loader.Dispose());
        }
    }

    private protected override Delegate MethodOf(string mode) => ResolveMode(mode);

    private protected override string? LimitOfTheOtherKind(int? trainLength)
    {
        if (MaxEpochs is not { } epochs)
        {
            return null;
        }

        string hint = trainLength is { } length ? $": {epochs} epochs of {length} batches are {epochs * length} iterations." : ".";
        return $"MaxEpochs is {epochs}, but {GetType().Name} counts iterations. Set MaxIters in the runner's options instead{hint}";
    }

    private protected override void Announce(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow) => WarnOfMissingEpochs(workflow);
}
