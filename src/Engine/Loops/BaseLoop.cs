using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Loops;

/// <summary>What trains or evaluates: something that goes over batches and calls hooks.</summary>
/// <remarks>
/// The interior of a loop is an iterator that yields after each iteration, outside the iteration's dispose scope, so that several runners can be advanced in
/// turn. A loop of one's own derives from <see cref="TrainLoop"/> or <see cref="EvaluationLoop"/> and calls the hooks through the methods here. Source: MMEngine
/// <c>BaseLoop</c>.
/// </remarks>
public abstract class BaseLoop
{
    /// <summary>Makes a loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches. Borrowed.</param>
    protected BaseLoop(Runner runner, BatchLoader dataloader)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(dataloader);
        Runner = runner;
        Dataloader = dataloader;
    }

    /// <summary>Gets the batches.</summary>
    public BatchLoader Dataloader { get; }

    /// <summary>Gets the runner that the loop belongs to.</summary>
    protected Runner Runner { get; }

    /// <summary>Gets the model.</summary>
    protected BaseModel Model => Runner.Model;

    /// <summary>Runs, one iteration at each step of the enumeration.</summary>
    /// <returns>A number of finished iterations, after each one; which of them is up to the loop.</returns>
    public abstract IEnumerable<int> Iterations();

    /// <summary>Calls the hooks before the first epoch.</summary>
    protected void CallBeforeTrain() => Runner.Hooks.BeforeTrain();

    /// <summary>Calls the hooks before a training epoch.</summary>
    protected void CallBeforeTrainEpoch()
    {
        if (Runner.Progress.Phase == TrainingPhase.ValidationDone)
        {
            Runner.Progress.Phase = TrainingPhase.Training;
        }

        Runner.Hooks.BeforeTrainEpoch();
    }

    /// <summary>Calls the hooks before a training iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its epoch, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    protected void CallBeforeTrainIter(int batchIndex, DataBatch batch)
    {
        Runner.Step = ("step", batch);
        Runner.Hooks.BeforeTrainIter(new(batchIndex, batch));
    }

    /// <summary>Calls the hooks after a training iteration. A state that one of them saves is that of a run in which the iteration is over.</summary>
    /// <param name="batchIndex">The position of the batch in its epoch, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="outputs">What the training step returned. Borrowed.</param>
    protected void CallAfterTrainIter(int batchIndex, DataBatch batch, LogVars outputs)
    {
        Runner.Progress.Reached = Runner.Progress.Position.AfterIter;
        Runner.Hooks.AfterTrainIter(new(batchIndex, batch, outputs));
        Runner.Step = default;
    }

    /// <summary>Calls the hooks after a training epoch. A state that one of them saves is that of a run in which the epoch is over.</summary>
    /// <param name="isCounted">
    /// Whether the loop counts the epoch afterwards. The default is <see langword="true"/>; a loop to which the whole training is one epoch counts none, and a state
    /// is that of a run which can go on there.
    /// </param>
    protected void CallAfterTrainEpoch(bool isCounted = true)
    {
        Runner.Progress.Reached = isCounted ? Runner.Progress.Position.AfterEpoch : Runner.Progress.Position;
        Runner.Hooks.AfterTrainEpoch();
    }

    /// <summary>Calls the hooks after the last epoch.</summary>
    protected void CallAfterTrain() => Runner.Hooks.AfterTrain();

    /// <summary>Calls the hooks before a validation.</summary>
    protected void CallBeforeVal() => Runner.Hooks.BeforeVal();

    /// <summary>Calls the hooks before the pass of a validation.</summary>
    protected void CallBeforeValEpoch() => Runner.Hooks.BeforeValEpoch();

    /// <summary>Calls the hooks before a validation iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    protected void CallBeforeValIter(int batchIndex, DataBatch batch)
    {
        Runner.Step = ("validation step", batch);
        Runner.Hooks.BeforeValIter(new(batchIndex, batch));
    }

    /// <summary>Calls the hooks after a validation iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="outputs">What the validation step returned. Borrowed.</param>
    protected void CallAfterValIter(int batchIndex, DataBatch batch, ValOutputs outputs)
    {
        Runner.Hooks.AfterValIter(new(batchIndex, batch, outputs));
        Runner.Step = default;
    }

    /// <summary>Calls the hooks after the pass of a validation. A state that one of them saves is that of a run in which the validation is over.</summary>
    /// <param name="metrics">The values by name.</param>
    protected void CallAfterValEpoch(IReadOnlyDictionary<string, MetricValue> metrics)
    {
        if (Runner.Progress.Phase == TrainingPhase.ValidationDue)
        {
            Runner.Progress.Phase = TrainingPhase.ValidationDone;
        }

        Runner.Hooks.AfterValEpoch(new(metrics));
    }

    /// <summary>Calls the hooks after a validation.</summary>
    protected void CallAfterVal() => Runner.Hooks.AfterVal();

    /// <summary>Calls the hooks before a test.</summary>
    protected void CallBeforeTest() => Runner.Hooks.BeforeTest();

    /// <summary>Calls the hooks before the pass of a test.</summary>
    protected void CallBeforeTestEpoch() => Runner.Hooks.BeforeTestEpoch();

    /// <summary>Calls the hooks before a test iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    protected void CallBeforeTestIter(int batchIndex, DataBatch batch)
    {
        Runner.Step = ("test step", batch);
        Runner.Hooks.BeforeTestIter(new(batchIndex, batch));
    }

    /// <summary>Calls the hooks after a test iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="outputs">What the test step returned. Borrowed.</param>
    protected void CallAfterTestIter(int batchIndex, DataBatch batch, ValOutputs outputs)
    {
        Runner.Hooks.AfterTestIter(new(batchIndex, batch, outputs));
        Runner.Step = default;
    }

    /// <summary>Calls the hooks after the pass of a test.</summary>
    /// <param name="metrics">The values by name.</param>
    protected void CallAfterTestEpoch(IReadOnlyDictionary<string, MetricValue> metrics) => Runner.Hooks.AfterTestEpoch(new(metrics));

    /// <summary>Calls the hooks after a test.</summary>
    protected void CallAfterTest() => Runner.Hooks.AfterTest();
}
