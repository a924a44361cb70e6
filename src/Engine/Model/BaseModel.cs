using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>A model that knows how to make one training, validation or test step.</summary>
/// <remarks>
/// Derive from <see cref="BaseModel{TBatch}"/>, which gives the batch its type, and override what the model is used for: <c>Loss</c> to train, <c>Predict</c> to
/// validate. Source: MMEngine <c>BaseModel</c>.
/// </remarks>
public abstract class BaseModel : nn.Module
{
    private readonly BaseDataPreprocessor ownPreprocessor;
    private bool warnedOfTotal;

    /// <summary>Makes a model.</summary>
    /// <param name="dataPreprocessor">
    /// What prepares each batch; <see langword="null"/> for one that moves it to the model's device. The model takes it over.
    /// </param>
    protected BaseModel(BaseDataPreprocessor? dataPreprocessor = null)
        : base(string.Empty) => ownPreprocessor = dataPreprocessor ?? new();

    /// <summary>Gets what prepares each batch.</summary>
    /// <value>What the model was made with. A <see cref="ModelWrapper"/> gives that of the model behind it.</value>
    public virtual BaseDataPreprocessor DataPreprocessor => ownPreprocessor;

    /// <summary>Gets the module whose parameters, buffers and names count: what is trained, traced and saved.</summary>
    /// <value>The model itself. One that stands in front of another module, and does not register it, gives that module.</value>
    public virtual nn.Module StateModule => this;

    /// <summary>Gets or sets where the model's own warnings go.</summary>
    /// <value>The runner's logger, once a runner has the model.</value>
    internal ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Gets whether the model says itself what a validation step is; otherwise it predicts. A runner asks it before it trains.</summary>
    /// <value>Whether <c>ValStep</c> is overridden. A model whose override only helps those that derive from it says <see langword="false"/>.</value>
    protected internal virtual bool HasValStep => Overrides<DataBatch, ValOutputs>(ValStep, typeof(BaseModel));

    /// <summary>Gets whether the model says itself what a test step is; otherwise it predicts. A runner asks it before it tests.</summary>
    /// <value>Whether <c>TestStep</c> is overridden.</value>
    protected internal virtual bool HasTestStep => Overrides<DataBatch, ValOutputs>(TestStep, typeof(BaseModel));

    /// <summary>Gets whether the model can be validated by its predictions, which a runner asks before it trains.</summary>
    /// <value>Whether <c>Predict</c> is overridden. A model whose override only refuses says <see langword="false"/>.</value>
    protected internal virtual bool CanPredict => Overrides<DataBatch, DataBatch>(Predict, typeof(BaseModel));

    /// <summary>Makes one training step: losses, gradients and, when due, the update of the weights.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <param name="optimWrapper">What updates the weights.</param>
    /// <returns>What shall be logged: the total loss first, then each term.</returns>
    public virtual LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ArgumentNullException.ThrowIfNull(optimWrapper);
        LossDict losses;
        using (optimWrapper.OptimContext(this))
        {
            losses = StepResult.Require(Loss(DataPreprocessor.Process(data, training: true)), this);
        }

        (Tensor loss, LogVars logVars) = ParseLosses(losses);
        optimWrapper.UpdateParams(loss);
        return logVars;
    }

    /// <summary>Makes one validation step.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <returns>Predictions, losses, or both. The default returns what <see cref="Predict"/> does.</returns>
    public virtual ValOutputs ValStep(DataBatch data) => PredictPrepared(data);

    /// <summary>Makes one test step.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <returns>Predictions, losses, or both. The default returns what <see cref="Predict"/> does, whatever <see cref="ValStep"/> is.</returns>
    public virtual ValOutputs TestStep(DataBatch data) => PredictPrepared(data);

    /// <summary>Runs the model for one of its purposes.</summary>
    /// <param name="data">A prepared batch. Borrowed.</param>
    /// <param name="mode">The purpose.</param>
    /// <returns>Losses, predictions or a tensor.</returns>
    public ForwardOutput Forward(DataBatch data, ForwardMode mode) => mode switch
    {
        ForwardMode.Loss => new(Loss(data)),
        ForwardMode.Predict => new(Predict(data)),
        ForwardMode.Tensor => new(ForwardTensor(data)),
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, $"The mode is {mode}; it must be Loss, Predict or Tensor."),
    };

    /// <summary>Computes the losses of a batch.</summary>
    /// <param name="data">A prepared batch. Borrowed.</param>
    /// <returns>The losses; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    public virtual LossDict Loss(DataBatch data) => throw Missing(nameof(Loss), nameof(DataBatch), "train, or override TrainStep");

    /// <summary>Computes the predictions for a batch.</summary>
    /// <param name="data">A prepared batch. Borrowed.</param>
    /// <returns>The predictions; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    public virtual DataBatch Predict(DataBatch data) => throw Missing(nameof(Predict), nameof(DataBatch), "validate or test");

    /// <summary>Computes the bare output of the network.</summary>
    /// <param name="data">A prepared batch. Borrowed.</param>
    /// <returns>The output; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    public virtual Tensor ForwardTensor(DataBatch data) => throw Missing(nameof(ForwardTensor), nameof(DataBatch), "use ForwardMode.Tensor");

    /// <summary>Adds up the losses to the one that is trained on, and lists what is logged.</summary>
    /// <remarks>
    /// A tensor counts with its mean, a list with the sum of its tensors' means. The total is the sum of all entries whose name contains
    /// <c>loss</c>; it is logged first, as <c>loss</c>. An entry of that name replaces the logged value, not the total: beside other losses it is added to
    /// them, which doubles the loss if it was their sum already, so this is warned about once. Source: MMEngine <c>BaseModel.parse_losses</c>.
    /// </remarks>
    /// <param name="losses">The losses. Borrowed.</param>
    /// <returns>The total, a 0-d tensor that autograd knows, and the values to log.</returns>
    /// <exception cref="ArgumentException">No name contains <c>loss</c>.</exception>
    /// <exception cref="InvalidOperationException">An entry holds several integers or truth values, which have no mean.</exception>
    public virtual (Tensor Loss, LogVars LogVars) ParseLosses(LossDict losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        Tensor? total = null;
        int trainedOn = 0;
        List<KeyValuePair<string, Tensor>> terms = new(losses.Count);
        foreach ((string name, IReadOnlyList<Tensor> tensors) in losses)
        {
            Tensor term = SumOfMeans(name, tensors);
            terms.Add(new(name, term));
            if (IsTrainedOn(name))
            {
                total = total is null ? term : total + term;
                trainedOn++;
            }
        }

        if (total is null)
        {
            throw new ArgumentException(
                $"{GetType().Name} returned no loss: no name contains 'loss'. Names present: {Names(losses)}. "
                + "Name what shall be trained on 'loss', or 'loss_' and something.",
                nameof(losses));
        }

        if (trainedOn > 1 && !warnedOfTotal)
        {
            WarnOfTotal(losses);
        }

        LogVars logVars = new() { ["loss"] = total };
        foreach ((string name, Tensor value) in terms)
        {
            logVars[name] = value;
        }

        return (total, logVars);
    }

    /// <summary>Moves the model to a device and tells the preprocessor.</summary>
    /// <param name="device">Where the model shall live.</param>
    public virtual void MoveTo(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        this.to(device);
    }

    /// <summary>Moves the model as TorchSharp does, and tells the preprocessor: so do <c>to</c>, <c>cuda</c> and <c>cpu</c>.</summary>
    /// <inheritdoc/>
    protected override nn.Module _to(Device device, ScalarType dtype, bool non_blocking)
    {
        base._to(device, dtype, non_blocking);
        DataPreprocessor.To(device);
        return this;
    }

    /// <summary>Moves the model as TorchSharp does, and tells the preprocessor: so do <c>to</c>, <c>cuda</c> and <c>cpu</c>.</summary>
    /// <inheritdoc/>
    protected override nn.Module _to(TorchSharp.DeviceType deviceType, int deviceIndex, bool non_blocking)
    {
        base._to(deviceType, deviceIndex, non_blocking);
        DataPreprocessor.To(new Device(deviceType, deviceIndex));
        return this;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ownPreprocessor.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Tells whether a type derived from <paramref name="root"/> overrides a method: a delegate to a virtual method is one to its override.</summary>
    private protected static bool Overrides<TBatch, TResult>(Func<TBatch, TResult> method, Type root) => method.Method.DeclaringType != root;

    private protected NotSupportedException Missing(string method, string batch, string purpose) =>
        new($"{GetType().Name} does not override {method}({batch}). Override it to {purpose}.");

    private void WarnOfTotal(LossDict losses)
    {
        if (!losses.Names.Contains("loss"))
        {
            return;
        }

        warnedOfTotal = true;
        string others = string.Join(", ", losses.Names.Where(name => name != "loss" && IsTrainedOn(name)).Select(name => $"'{name}'"));
        CompatEvents.Write(
            Logger,
            LogLevel.Warning,
            CompatEvents.LossBesideTerms,
            $"{GetType().Name} returned the loss 'loss' beside {others}: the sum of all of them is trained on, as in MMEngine, while the log shows 'loss' alone. "
            + "If 'loss' is the total of the others, it counts twice: leave it out. If it is a loss of its own, name it 'loss_' and something.");
    }

    private static bool IsTrainedOn(string name) => name.Contains("loss", StringComparison.Ordinal);

    private DataBatch PredictPrepared(DataBatch data) => Predict(DataPreprocessor.Process(data, training: false))
        ?? throw new InvalidOperationException($"{GetType().Name} returned null from Predict. Return the predictions: a DataBatch, for example a SampleList.");

    private static string Names(LossDict losses) => losses.Count == 0 ? "none" : string.Join(", ", losses.Names);

    private Tensor SumOfMeans(string name, IReadOnlyList<Tensor> tensors)
    {
        Tensor sum = Mean(name, tensors[0]);
        for (int i = 1; i < tensors.Count; i++)
        {
            sum += Mean(name, tensors[i]);
        }

        return sum;
    }

    // The mean of a single element is that element, bit for bit, gradient included.
    private Tensor Mean(string name, Tensor tensor) =>
        tensor.dim() == 0 ? tensor
        : tensor.is_floating_point() || tensor.is_complex() ? tensor.mean()
        : throw new InvalidOperationException(
            $"The entry '{name}' of the losses of {GetType().Name} is of type {tensor.dtype} and has shape [{string.Join(", ", tensor.shape)}]; a mean needs floating "
            + "point numbers. Give it as .to(float32), or reduced to one number.");
}
