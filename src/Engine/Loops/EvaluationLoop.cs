using Compat.Engine.Evaluation;
using Compat.Engine.Model;
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
    private readonly EvaluationLosses losses;

    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches. Borrowed.</param>
    /// <param name="evaluator">The metrics; <see langword="null"/> if the model's step returns losses alone. Borrowed.</param>
    protected EvaluationLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator)
        : base(runner, dataloader)
    {
        Evaluator = evaluator;
        losses = new(runner.MessageHub.Pending);
    }

    /// <summary>Gets the metrics.</summary>
    /// <value><see langword="null"/> if the model's step returns losses alone.</value>
    public Evaluator? Evaluator { get; }

    /// <summary>Gets the values of the last pass: those of the metrics, then the mean of each loss, then their sum, for example <c>val_loss</c>.</summary>
    /// <value>Empty before the first one.</value>
    public IReadOnlyDictionary<string, MetricValue> Metrics { get; private set; } = new Dictionary<string, MetricValue>();

    /// <summary>Gets what the name of the summed loss starts with: <c>val</c> gives <c>val_loss</c>.</summary>
    protected abstract string Stage { get; }

    /// <summary>Evaluates.</summary>
    /// <returns>The values by name.</returns>
    public IReadOnlyDictionary<string, MetricValue> Run()
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
        BeginPass();
        losses.Clear();
        Evaluator?.Reset();                                           // a pass that was broken off may have left something
        int batchIndex = 0;
        foreach (DataBatch batch in Dataloader)
        {
            RunIter(batchIndex++, batch);
            yield return batchIndex;
        }

        Metrics = Evaluate();
        End(Metrics);
    }

    /// <summary>Does what comes before the first batch. As MMEngine, hooks come first, then the model is put into evaluation mode.</summary>
    protected virtual void BeginPass()
    {
        Begin();
        Model.eval();
    }

    /// <summary>Calls the hooks before the pass.</summary>
    protected abstract void Begin();

    /// <summary>Calls the hooks after the pass.</summary>
    /// <param name="metrics">The values by name.</param>
    protected abstract void End(IReadOnlyDictionary<string, MetricValue> metrics);

    /// <summary>Calls the hooks before an iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    protected abstract void BeginIter(int batchIndex, DataBatch batch);

    /// <summary>Lets the model make its step.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <returns>Predictions, losses, or both; fresh.</returns>
    protected abstract ValOutputs Step(DataBatch batch);

    /// <summary>Calls the hooks after an iteration.</summary>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="outputs">What the model returned. Borrowed.</param>
    protected abstract void EndIter(int batchIndex, DataBatch batch, ValOutputs outputs);

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
        ValOutputs outputs = Step(batch);
        Take(batch, outputs);
        EndIter(batchIndex, batch, outputs);
    }

    /// <summary>Takes losses and predictions in: losses to be averaged, predictions by the metrics.</summary>
    /// <remarks>As in MMEngine, a model that returns losses alone leaves the metrics without results; they say so when they are computed.</remarks>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="outputs">What the model returned. Borrowed.</param>
    /// <exception cref="InvalidOperationException">There is nothing, or there are predictions and no metric to measure them.</exception>
    protected void Take(DataBatch batch, ValOutputs outputs)
    {
        string model = Model.GetType().Name;
        if (outputs is null)
        {
            throw new InvalidOperationException($"{model} returned null from its step of evaluation. Return predictions (a DataBatch), losses (a LossDict), or both.");
        }

        if (outputs.Losses is { } returned)
        {
            losses.Add(model, returned, outputs.NumSamples);
        }

        if (outputs.Predictions is { } predictions)
        {
            string options = ReferenceEquals(this, Runner.TestLoop) ? "Test" : "Val";
            Evaluator evaluator = Evaluator ?? throw new InvalidOperationException(
                $"{model} returned predictions ({predictions.GetType().Name}), but there is no metric to measure them. Set {options}Evaluator beside "
                + $"{options}Dataloader in the runner's options, or let the model's {options}Step return losses alone.");
            evaluator.Process(batch, predictions);
        }
    }

    private OrderedDictionary<string, MetricValue> Evaluate()
    {
        OrderedDictionary<string, MetricValue> metrics = Evaluator is null
            ? []
            : new(Evaluator.Evaluate(Dataloader.Dataset.Count, Runner.Collectives, Runner.Logger));
        losses.AddTo(metrics, Stage);
        return metrics;
    }
}
