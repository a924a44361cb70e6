using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Lets several processes train one model, which is wrapped before the runner is made: all start with the weights of process 0 and average their gradients.</summary>
/// <remarks>
/// <para>The optimizer hooks average after every backward, before they clip. A model that steps by itself gets optimizers that average before each step; only those of
/// this library can (<see cref="Torch.Optim.FusedOptimizer"/>). Parameters, names and modes are those of the model behind, without MMCV's <c>module.</c> before the names.</para>
/// <para>As in MMCV, a validation ends the sharing of buffers: its first step still shares them, no step afterwards does. Source: MMCV
/// <c>MMDistributedDataParallel</c>.</para>
/// </remarks>
[HoldsTensors("owner: the model")]
public class MMDistributedDataParallel : nn.Module, ITrainStep, IValStep
{
    private readonly nn.Module module;
    private readonly bool broadcastBuffers;
    private bool sharesBuffers = true;
    private bool isDisposing;

    /// <summary>Checks that all processes have the same model, and gives all of them the parameters and buffers of process 0.</summary>
    /// <param name="module">The model, on its device; it has a training step. Borrowed; neither registered nor disposed.</param>
    /// <param name="collectives">What the processes do together, for example <c>Dist.Init(Launcher.Mpi)</c>.</param>
    /// <param name="broadcastBuffers">Whether all processes take over the buffers of process 0 before each training step. The default is <see langword="true"/>.</param>
    /// <param name="findUnusedParameters">
    /// Whether trainable parameters may get no gradient. The default is <see langword="false"/>: it is an error in all processes, before the update.
    /// </param>
    /// <exception cref="ArgumentException">The model has no training step, or nothing to train.</exception>
    /// <exception cref="InvalidOperationException">The models of two processes differ. All processes throw it.</exception>
    public MMDistributedDataParallel(nn.Module module, ICollectives collectives, bool broadcastBuffers = true, bool findUnusedParameters = false)
        : base(string.Empty)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(collectives);
        string name = module.GetType().Name;
        if (module is not ITrainStep)
        {
            throw new ArgumentException($"{name} has no training step. Let it implement {nameof(ITrainStep)}, whose TrainStep returns loss, num_samples and log_vars.", nameof(module));
        }

        if (!module.parameters().Any(parameter => parameter.requires_grad))
        {
            throw new ArgumentException($"{name} has no parameter that requires a gradient, so there is nothing to average. Train it without a wrapper.", nameof(module));
        }

        this.module = module;
        this.broadcastBuffers = broadcastBuffers;
        Collectives = collectives;
        Replica = new ModelReplica(module, collectives, findUnusedParameters);
    }

    /// <summary>Gets the model behind this one.</summary>
    public nn.Module Module => module;

    /// <summary>Gets what the processes do together.</summary>
    public ICollectives Collectives { get; }

    /// <summary>Gets what averages gradients.</summary>
    public ModelReplica Replica { get; }

    /// <inheritdoc/>
    public override bool training => module.training;

    /// <inheritdoc/>
    public virtual StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        ShareBuffers();
        return ((ITrainStep)module).TrainStep(data, optimizer);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The model has no validation step.</exception>
    public virtual StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer)
    {
        IValStep model = module as IValStep ?? throw new InvalidOperationException(
            $"{module.GetType().Name} has no validation step. Let it implement {nameof(IValStep)}, or leave the 'val' flow out of the workflow.");
        ShareBuffers();
        sharesBuffers = false;
        return model.ValStep(data, optimizer);
    }

    /// <inheritdoc/>
    public override void train(bool train = true) => module.train(train);

    /// <inheritdoc/>
    public override void eval() => module.eval();

    /// <inheritdoc/>
    public override void zero_grad(bool set_to_none = true) => module.zero_grad(set_to_none);

    /// <inheritdoc/>
    public override IEnumerable<Parameter> parameters(bool recurse = true) => module.parameters(recurse);

    /// <inheritdoc/>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) => isDisposing ? [] : module.named_parameters(recurse);

    /// <inheritdoc/>
    public override IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) => module.buffers(recurse, include_nonpersistent);

    /// <inheritdoc/>
    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
        isDisposing ? [] : module.named_buffers(recurse, include_nonpersistent);

    /// <inheritdoc/>
    public override IEnumerable<nn.Module> modules() => module.modules();

    /// <inheritdoc/>
    public override IEnumerable<(string name, nn.Module module)> named_modules() => isDisposing ? [] : module.named_modules();

    /// <inheritdoc/>
    public override IEnumerable<nn.Module> children() => module.children();

    /// <inheritdoc/>
    public override IEnumerable<(string name, nn.Module module)> named_children() => module.named_children();

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null) => module.state_dict(destination, prefix);

    /// <inheritdoc/>
    public override (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
        Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null) => module.load_state_dict(source, strict, skip);

    /// <summary>Does nothing: TorchSharp would register the module in a field, and with it what its author left out on purpose.</summary>
    protected sealed override void RegisterComponents()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // TorchSharp disposes what the lists name, and that is not ours.
        isDisposing = true;
        base.Dispose(disposing);
        isDisposing = false;
    }

    private void ShareBuffers()
    {
        if (broadcastBuffers && sharesBuffers)
        {
            Replica.BroadcastBuffers();
        }
    }
}
