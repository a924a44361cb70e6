using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Trains epoch by epoch, as a workflow says. Weights are updated by a hook, not by the runner.</summary>
/// <remarks>Source: MMCV <c>EpochBasedRunner</c>, without its pauses, which protect Python's worker processes.</remarks>
public class EpochBasedRunner : WorkflowRunner
{
    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model; it has a training step (<see cref="ITrainStep"/>). Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The model has no training step, or both limits are set.</exception>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "What is protected in the base is for runners that derive from this one.")]
    public EpochBasedRunner(nn.Module model, RunnerOptions options)
        : base(model, options)
    {
    }

    private protected override (int Done, int? Max, string Units, string Option) Count => (Epoch, MaxEpochs, "epochs", nameof(MaxEpochs));

    /// <summary>Says in the log that every epoch will have the order of the first one, if a sampler shuffles and no hook tells it the epoch.</summary>
    /// <remarks>The runner does it itself, before the hooks before the run; the method is public for who drives the runner from outside.</remarks>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows.</param>
    public void WarnIfOrderRepeats(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        if (MaxEpochs - Epoch > 1 && workflow.Zip(dataLoaders).Any(pair => pair.First.Mode == "train" && RepeatsItsOrder(pair.Second)))
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.RepeatedOrder,
                "The sampler of the 'train' flow shuffles, but nobody tells it the epoch: every epoch repeats the order of the first one, as in MMCV. "
                + $"Register a {nameof(DistSamplerSeedHook)} for a new order in each epoch.");
        }
    }

    /// <summary>Trains one epoch.</summary>
    /// <param name="dataLoader">The batches.</param>
    /// <returns>The number of finished iterations, after each one.</returns>
    protected virtual IEnumerable<int> Train(BatchLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.train();
        State.Mode = "train";
        State.DataLoader = dataLoader;
        State.MaxIters = MaxEpochs * dataLoader.Length;
        CallHook(HookStage.BeforeTrainEpoch);
        int position = 0;
        foreach (DataBatch batch in dataLoader)
        {
            TrainIter(position++, batch);
            yield return Iter;
        }

        Collectives.RequireWholePass(position, dataLoader.Length);
        CallHook(HookStage.AfterTrainEpoch);
        LogBuffer.Flush();                                            // a loss that nobody looked at is found here at the latest
        State.Epoch++;
    }

    /// <summary>Validates one pass: runs the model's validation step without gradients. It counts neither iterations nor epochs.</summary>
    /// <param name="dataLoader">The batches.</param>
    /// <returns>The number of finished training iterations, after each iteration.</returns>
    protected virtual IEnumerable<int> Val(BatchLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.eval();
        State.Mode = "val";
        State.DataLoader = dataLoader;
        CallHook(HookStage.BeforeValEpoch);
        int position = 0;
        foreach (DataBatch batch in dataLoader)
        {
            ValIter(position++, batch);
            yield return Iter;
        }

        CallHook(HookStage.AfterValEpoch);
    }

    /// <summary>Finds what runs an epoch of a mode. Override it to add a mode.</summary>
    /// <param name="mode">The mode of a flow.</param>
    /// <returns>What runs one epoch.</returns>
    /// <exception cref="ArgumentException">There is no such mode.</exception>
    protected virtual Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => mode switch
    {
        "train" => Train,
        "val" => Val,
        _ => throw UnknownMode(mode),
    };

    private protected override IEnumerable<int> RunFlows(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, int max)
    {
        while (Epoch < max)
        {
            foreach ((WorkflowStep flow, BatchLoader loader) in workflow.Zip(dataLoaders))
            {
                for (int i = 0; GoesOn(flow, i, max); i++)
                {
                    foreach (int iter in ResolveMode(flow.Mode)(loader))
                    {
                        yield return iter;
                    }
                }
            }
        }
    }

    private protected override Delegate MethodOf(string mode) => ResolveMode(mode);

    private protected override string? LimitOfTheOtherKind(int? trainLength)
    {
        if (MaxIters is not { } iters)
        {
            return null;
        }

        string hint = trainLength is { } length ? $": {iters} iterations are {(iters + length - 1) / length} epochs of {length} batches." : ".";
        return $"MaxIters is {iters}, but {GetType().Name} counts epochs. Set MaxEpochs in the runner's options instead{hint}";
    }

    private protected override void Announce(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        // Hooks read the number of iterations before the first epoch.
        BatchLoader? train = workflow.Zip(dataLoaders).FirstOrDefault(pair => pair.First.Mode == "train").Second;
        State.MaxIters = train is null ? MaxIters : MaxEpochs * train.Length;
        WarnIfOrderRepeats(dataLoaders, workflow);
    }

    private bool RepeatsItsOrder(BatchLoader loader) => loader.Sampler is DefaultSampler { IsShuffled: true } && !Hooks.Any(hook => hook is DistSamplerSeedHook);
}
