using Compat.Engine.Evaluation;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Loops;

/// <summary>Validates the model: one pass over the data without gradients, then the metrics.</summary>
/// <remarks>The model is left in evaluation mode, as MMEngine's <c>ValLoop</c> leaves it; the training loop switches it back.</remarks>
public sealed class ValLoop
{
    private readonly Runner runner;

    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches.</param>
    /// <param name="evaluator">The metrics.</param>
    public ValLoop(Runner runner, BatchLoader dataloader, Evaluator evaluator)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(dataloader);
        ArgumentNullException.ThrowIfNull(evaluator);
        this.runner = runner;
        Dataloader = dataloader;
        Evaluator = evaluator;
    }

    /// <summary>Gets the batches.</summary>
    public BatchLoader Dataloader { get; }

    /// <summary>Gets the metrics.</summary>
    public Evaluator Evaluator { get; }

    /// <summary>Gets the metrics of the last validation.</summary>
    /// <value>Empty before the first one.</value>
    public IReadOnlyDictionary<string, double> Metrics { get; private set; } = new Dictionary<string, double>();

    /// <summary>Validates.</summary>
    /// <returns>The metrics by name.</returns>
    public IReadOnlyDictionary<string, double> Run()
    {
        foreach (int _ in Iterations())
        {
        }

        return Metrics;
    }

    /// <summary>Validates, one iteration at each step of the enumeration. <see cref="Metrics"/> holds the result at its end.</summary>
    /// <returns>The number of finished iterations, after each one.</returns>
    public IEnumerable<int> Iterations()
    {
        runner.Hooks.BeforeVal();
        runner.Hooks.BeforeValEpoch();
        runner.Model.eval();
        int batchIndex = 0;
        foreach (DataBatch batch in Dataloader)
        {
            RunIter(batchIndex++, batch);
            yield return batchIndex;
        }

        Metrics = Evaluator.Evaluate(Dataloader.Dataset.Count);
        runner.Hooks.AfterValEpoch(new(Metrics));
        runner.Hooks.AfterVal();
    }

    private void RunIter(int batchIndex, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        runner.Hooks.BeforeValIter(new(batchIndex, batch));
        DataBatch predictions = runner.Model.ValStep(batch);
        Evaluator.Process(batch, predictions);
        runner.Hooks.AfterValIter(new(batchIndex, batch, predictions));
    }
}
