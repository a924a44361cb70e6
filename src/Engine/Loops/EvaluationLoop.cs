using Compat.Engine.Evaluation;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Loops;

/// <summary>Evaluates the model: one pass over the data without gradients, then the metrics.</summary>
/// <remarks>
/// The model is left in evaluation mode, as MMEngine's loops leave it; the training loop switches it back. A derived loop says which hooks are called and which
/// step the model makes.
/// </remarks>
public abstract class EvaluationLoop : BaseLoop
{
    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches. Borrowed.</param>
    /// <param name="evaluator">The metrics. Borrowed.</param>
    protected EvaluationLoop(Runner runner, BatchLoader dataloader, Evaluator evaluator)
        : base(runner, dataloader)
    {
        ArgumentNullException.ThrowIfNull(evaluator);
        Evaluator = evaluator;
    }

    /// <summary>Gets the metrics.</summary>
    public Evaluator Evaluator { get; }

    /// <summary>Gets the metrics of the last pass.</summary>
    /// <value>Empty before the first one.</value>
    public IReadOnlyDictionary<string, double> Metrics { get; private set; } = new Dictionary<string, double>();

    /// <summary>Evaluates.</summary>
    /// <returns>The metrics by name.</returns>
    public IReadOnlyDictionary<string, double> Run()
    {
        foreach (int _ in Runner.Failures.Watch(Iterations()))
        {
        }

        return Metrics;
    }

    /// <summary>Evaluates, one iteration at each step of the enumeration. <see cref="Metrics"/> holds the result at its end.</summary>
    /// <returns>The number of finished iterations of this pass, after each one.</returns>
    public override IEnumerable<int> Iterations()
    {
        Begin();
        Model.eval();
        int batchIndex = 0;
        foreach (DataBatch batch in Dataloader)
        {
            RunIter(batchIndex++, batch);
            yield return batchIndex;
        }

        Metrics = Evaluator.Evaluate(Dataloader.Dataset.Count);
        End(Metrics);
    }

    /// <summary>Calls the hooks before the pass.</summary>
    protected abstract void Begin();

    /// <summary>Calls the hooks after the pass.</summary>
    /// <param name="metrics">The metrics by name.</param>
    protected abstract void End(IReadOnlyDictionary<string, double> metrics);

    /// <summary>Calls the hooks before an iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    protected abstract void BeginIter(int batchIndex, DataBatch batch);

    /// <summary>Lets the model make its step.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <returns>The predictions; fresh.</returns>
    protected abstract DataBatch Step(DataBatch batch);

    /// <summary>Calls the hooks after an iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="predictions">What the model predicted. Borrowed.</param>
    protected abstract void EndIter(int batchIndex, DataBatch batch, DataBatch predictions);

    /// <summary>Evaluates one batch.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch; this method takes it over.</param>
    protected virtual void RunIter(int batchIndex, DataBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        BeginIter(batchIndex, batch);
        DataBatch predictions = Step(batch);
        Evaluator.Process(batch, predictions);
        EndIter(batchIndex, batch, predictions);
    }
}
