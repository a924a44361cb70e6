using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Trains epoch by epoch, as a workflow says. Weights are updated by a hook, not by the runner.</summary>
/// <remarks>Source: MMCV <c>EpochBasedRunner</c>, without its pauses, which protect Python's worker processes.</remarks>
public class EpochBasedRunner : BaseRunner
{
    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model; it has a training step (<see cref="ITrainStep"/>). Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The model has no training step, or both limits are set.</exception>
    public EpochBasedRunner(nn.Module model, RunnerOptions options)
        : base(model, options)
    {
        if (model is not ITrainStep)
        {
            throw new ArgumentException(
                $"{ModelName} has no training step. Let it implement {nameof(ITrainStep)}, whose TrainStep returns loss, num_samples and log_vars.",
                nameof(model));
        }
    }

    /// <summary>Runs a workflow until <see cref="BaseRunner.MaxEpochs"/> epochs are trained.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows, for example <c>[("train", 2), ("val", 1)]</c>, repeated as often as needed.</param>
    /// <exception cref="ArgumentException">There are not as many loaders as flows, or a flow has an unknown mode.</exception>
    /// <exception cref="InvalidOperationException">MaxEpochs is not set.</exception>
    public void Run(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        foreach (int _ in RunIterations(dataLoaders, workflow))
        {
        }
    }

    /// <summary>Runs a workflow, one iteration at each step of the enumeration, so that several runners can be advanced in turn.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows.</param>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    /// <inheritdoc cref="Run" path="/exception"/>
    public IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        ArgumentNullException.ThrowIfNull(dataLoaders);
        ArgumentNullException.ThrowIfNull(workflow);
        int maxEpochs = Prepare(dataLoaders, workflow);
        CallHook(HookStage.BeforeRun);
        if (workflow.Any(flow => flow.Mode != "val"))
        {
            StartWatchingParameters();
        }

        while (Epoch < maxEpochs)
        {
            foreach ((WorkflowStep flow, BatchLoader loader) in workflow.Zip(dataLoaders))
            {
                // Only training stops when enough is trained: a trailing validation still runs.
                for (int i = 0; i < flow.Epochs && !(flow.Mode == "train" && Epoch >= maxEpochs); i++)
                {
                    foreach (int iter in Failures.Watch(ResolveMode(flow.Mode)(loader)))
                    {
                        yield return iter;
                    }
                }
            }
        }

        Parameters.Finish();
        CallHook(HookStage.AfterRun);
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
        _ => throw new ArgumentException(
            $"The workflow has a flow of mode '{mode}'; {GetType().Name} knows 'train' and 'val'. Override ResolveMode to add another.", nameof(mode)),
    };

    /// <summary>Runs the model's step on a batch and takes over what it returned.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="trainMode">Whether this is training.</param>
    protected virtual void RunIter(DataBatch batch, bool trainMode)
    {
        StepOutputs outputs = StepOutputs.Require(trainMode ? ((ITrainStep)Model).TrainStep(batch, Optimizer) : ValStep(batch), ModelName);
        StepOutputsLogger.Log(LogBuffer, outputs, ModelName, trainMode ? Iter : null);
        State.Outputs = outputs;
    }

    private void TrainIter(int position, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();             // every tensor made below ends with this block
        batch.AttachTo(iteration);
        Begin(position, batch);
        CallHook(HookStage.BeforeTrainIter);
        RunIter(batch, trainMode: true);
        CallHook(HookStage.AfterTrainIter);                           // here the optimizer hook updates the weights
        End();
        State.Iter++;                                                 // hooks above still see the old number
        Parameters.EndIter();
    }

    private void ValIter(int position, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        Begin(position, batch);
        CallHook(HookStage.BeforeValIter);
        RunIter(batch, trainMode: false);
        CallHook(HookStage.AfterValIter);
        End();
    }

    private void Begin(int position, DataBatch batch)
    {
        State.DataBatch = batch;
        State.InnerIter = position;
    }

    // MMCV leaves outputs in place until the next step; here its tensors end with the iteration.
    private void End()
    {
        State.DataBatch = null;
        State.Outputs = null;
    }

    private StepOutputs ValStep(DataBatch batch) => Model is IValStep model
        ? model.ValStep(batch, Optimizer)
        : throw new InvalidOperationException(
            $"The workflow has a 'val' flow, but {ModelName} has no validation step. Let it implement {nameof(IValStep)}, or leave the flow out.");

    private int Prepare(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        if (dataLoaders.Count != workflow.Count)
        {
            throw new ArgumentException(
                $"There are {dataLoaders.Count} loaders for {workflow.Count} flows of the workflow. Give one loader for each flow.", nameof(dataLoaders));
        }

        int maxEpochs = MaxEpochs ?? throw new InvalidOperationException("MaxEpochs is not set. Set it in the runner's options.");
        foreach (WorkflowStep flow in workflow)
        {
            ResolveMode(flow.Mode);
        }

        // Hooks read the number of iterations before the first epoch.
        int train = workflow.ToList().FindIndex(flow => flow.Mode == "train");
        State.MaxIters = train < 0 ? MaxIters : maxEpochs * dataLoaders[train].Length;
        LegacyLog.Line(Logger, $"Start running, host: {Environment.UserName}@{Environment.MachineName}, work_dir: {WorkDir ?? "NONE"}");
        LegacyLog.Line(Logger, $"Hooks will be executed in the following order:\n{GetHookInfo()}");
        LegacyLog.Line(Logger, $"workflow: [{string.Join(", ", workflow)}], max: {maxEpochs} epochs");
        return maxEpochs;
    }
}
