using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>A model that stands in front of a module and has no state of its own: parameters, buffers, names and modes are that module's.</summary>
/// <remarks>
/// <para>Adapters and wrappers derive from this. The module is neither registered, nor moved, nor disposed: TorchSharp's <c>register_module</c> would also
/// register what its author left out on purpose, such as a frozen teacher in evaluation mode, which would then be trained and switched. Reading, loading,
/// switching modes and clearing gradients are passed on.</para>
/// <para>Fields of a derived class are not registered either; registering something by hand is refused. What the training shall see belongs into the module.</para>
/// <para>Cannot be kept: a module of the user's that registers a view, and is disposed, disposes the submodules that the view names.</para>
/// </remarks>
public abstract class ModuleView : BaseModel
{
    private readonly nn.Module module;
    private bool isDisposing;

    /// <summary>Stands in front of a module.</summary>
    /// <param name="module">The module. Borrowed.</param>
    /// <param name="dataPreprocessor">
    /// What prepares each batch; <see langword="null"/> for one that moves it to the model's device. The view takes it over.
    /// </param>
    protected ModuleView(nn.Module module, BaseDataPreprocessor? dataPreprocessor = null)
        : base(dataPreprocessor)
    {
        ArgumentNullException.ThrowIfNull(module);
        this.module = module;
    }

    /// <summary>Gets the module whose parameters, buffers and names count.</summary>
    /// <value>The module behind this view; behind several views, the last one.</value>
    public override nn.Module StateModule => module is BaseModel model ? model.StateModule : module;

    /// <inheritdoc/>
    public override bool training => module.training;

    /// <summary>Tells the preprocessor, and leaves the module where it is: whoever made it moves it.</summary>
    /// <param name="device">The device for batches.</param>
    public override void MoveTo(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        DataPreprocessor.To(device);
    }

    /// <inheritdoc/>
    public override void train(bool train = true) => module.train(train);

    /// <inheritdoc/>
    public override void eval() => module.eval();

    /// <inheritdoc/>
    public override void zero_grad(bool set_to_none = true) => module.zero_grad(set_to_none);

    /// <inheritdoc/>
    public override nn.Module apply(Action<nn.Module> fn)
    {
        module.apply(fn);
        return this;
    }

    /// <inheritdoc/>
    public override IEnumerable<Parameter> parameters(bool recurse = true) => module.parameters(recurse);

    /// <inheritdoc/>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        isDisposing ? [] : module.named_parameters(recurse);

    /// <inheritdoc/>
    public override IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
        module.buffers(recurse, include_nonpersistent);

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
    public override bool has_parameter(string target) => module.has_parameter(target);

    /// <inheritdoc/>
    public override Parameter? get_parameter(string target) => module.get_parameter(target);

    /// <inheritdoc/>
    public override bool has_buffer(string target) => module.has_buffer(target);

    /// <inheritdoc/>
    public override Tensor? get_buffer(string target) => module.get_buffer(target);

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null) =>
        module.state_dict(destination, prefix);

    /// <inheritdoc/>
    public override (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
        Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null) => module.load_state_dict(source, strict, skip);

    /// <inheritdoc/>
    public override nn.Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
    {
        module.load(location, strict, skip, loadedParameters);
        return this;
    }

    /// <inheritdoc/>
    public override nn.Module load(
        BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
    {
        module.load(reader, strict, skip, loadedParameters);
        return this;
    }

    /// <summary>Refused: a view has no state of its own.</summary>
    /// <param name="name">The name.</param>
    /// <param name="submodule">The module.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public sealed override void register_module(string name, nn.Module submodule) => throw NoStateOfItsOwn("module", name);

    /// <summary>Refused: a view has no state of its own.</summary>
    /// <param name="name">The name.</param>
    /// <param name="param">The parameter.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public sealed override void register_parameter(string name, Parameter param) => throw NoStateOfItsOwn("parameter", name);

    /// <summary>Refused: a view has no state of its own.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The buffer.</param>
    /// <param name="persistent">Whether it is saved.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public sealed override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw NoStateOfItsOwn("buffer", name);

    /// <summary>Does nothing: TorchSharp would register the module in a field, whoever calls this.</summary>
    protected sealed override void RegisterComponents()
    {
    }

    /// <summary>Does nothing; see <see cref="MoveTo"/>.</summary>
    /// <inheritdoc/>
    protected override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;

    /// <summary>Does nothing; see <see cref="MoveTo"/>.</summary>
    /// <inheritdoc/>
    protected override nn.Module _to(TorchSharp.DeviceType deviceType, int deviceIndex, bool non_blocking) => this;

    /// <summary>Does nothing; see <see cref="MoveTo"/>.</summary>
    /// <inheritdoc/>
    protected override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // TorchSharp disposes what the lists name, and that is not ours.
        isDisposing = true;
        base.Dispose(disposing);
        isDisposing = false;
    }

    private InvalidOperationException NoStateOfItsOwn(string kind, string name) => new(
        $"The {kind} '{name}' cannot be registered with {GetType().Name}, which has no state of its own: what counts is the {module.GetType().Name} behind it. "
        + "Register it there.");
}
