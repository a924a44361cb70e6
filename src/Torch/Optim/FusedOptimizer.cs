using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>
/// An optimizer that updates all parameters with one kernel, or with one operation after the other on all of them. TorchSharp's own go through the parameters
/// one by one.
/// </summary>
/// <remarks>
/// It is an optimizer like every other: whatever takes <c>torch.optim.Optimizer</c> takes it. Gradients are cleared to null by default
/// (<see cref="SetToNone"/>), as PyTorch ≥ 2 does; TorchSharp's fill them with zeros. A parameter without a gradient is left alone.
/// </remarks>
[HoldsTensors("owner: the model owns the parameters, this optimizer their states")]
public abstract class FusedOptimizer : OptimizerHelper, IStatefulOptimizer, IOptimizerStates
{
    private readonly Dictionary<Parameter, ParameterState> states = new(ReferenceEqualityComparer.Instance);
    private readonly List<Parameter[]> members = [];
    private bool isDisposed;

    private protected FusedOptimizer(Implementation implementation)
    {
        Requested = implementation;
        _parameter_groups = [];
    }

    /// <summary>Gets the way of computing that was asked for.</summary>
    public Implementation Requested { get; }

    /// <summary>Gets the way of computing that is used with the parameters as they are now.</summary>
    public Implementation Implementation => Requested == Implementation.Auto ? Best() : Requested;

    /// <summary>Gets or sets whether cleared gradients become null rather than zero.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool SetToNone { get; set; } = true;

    /// <summary>Gets how many steps this object has made, those that a loss scaler skipped among them. It is not saved.</summary>
    /// <remarks>Fused kernels write to the parameters without autograd's noticing, so nothing else tells that there was a step.</remarks>
    public long StepCount { get; private set; }

    /// <summary>Gets or sets what is done before each step, such as averaging the gradients over processes.</summary>
    internal Action? BeforeStep { get; set; }

    /// <summary>Gets whether a step leaves everything as it is by itself if a gradient is infinite or NaN, so that nobody has to wait and look.</summary>
    internal virtual bool SkipsByItself => Implementation == Implementation.Fused;

    IReadOnlyList<Parameter[]> IOptimizerStates.Members => members;

    IReadOnlyList<OptimizerGroup> IOptimizerStates.Groups => OptimizerGroup.Of(this);

    IReadOnlyList<string> IOptimizerStates.Names => StateNames;

    string IOptimizerStates.Kernels => Implementation.ToString();

    /// <summary>Gets whether there is a fused kernel for parameters on CUDA too.</summary>
    private protected virtual bool HasFusedKernelOnCuda => true;

    /// <summary>Gets whether there are list operations for the update.</summary>
    private protected virtual bool HasListOperations => true;

    /// <summary>Gets whether there is a fused kernel at all.</summary>
    private protected virtual bool HasFusedKernel => true;

    /// <summary>Gets what the optimizer remembers of a parameter.</summary>
    /// <param name="parameter">One of its parameters.</param>
    /// <returns>The state; empty until the parameter was updated.</returns>
    /// <exception cref="KeyNotFoundException">The optimizer does not hold this parameter.</exception>
    public ParameterState StateOf(Parameter parameter) => states.TryGetValue(parameter, out ParameterState? state)
        ? state
        : throw new KeyNotFoundException("This optimizer does not hold that parameter. Take one of its own parameters().");

    /// <summary>Gives the optimizer's state in PyTorch's layout, to be written with <see cref="PthFile"/>.</summary>
    /// <returns><c>state</c>, tensors by name for each parameter's number, and <c>param_groups</c>. Tensors are copies on the CPU; fresh.</returns>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    public PthDict SaveState()
    {
        CheckUsable();
        return OptimizerStateDict.Save(this);
    }

    /// <summary>Takes over a state in PyTorch's layout, as a checkpoint has it under <c>optimizer</c>.</summary>
    /// <param name="state">The state of an optimizer of this kind with groups of the same sizes. Borrowed.</param>
    /// <exception cref="PthException">The state does not fit; the optimizer is as it was.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    public void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        CheckUsable();
        OptimizerStateDict.Load(this, state);
    }

    /// <summary>Updates the weights.</summary>
    /// <param name="closure">Computes the loss anew; <see langword="null"/>, as usual, if gradients are there already.</param>
    /// <returns>What the closure returned, else <see langword="null"/>.</returns>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">A parameter was disposed, as happens when a model moves to another device or type.</exception>
    public override Tensor step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using IDisposable gradients = enable_grad();
            loss = closure();
        }

        StepScaled(null, null);
        return loss!;
    }

    /// <summary>Clears the gradients: to null, or to zero (<see cref="SetToNone"/>).</summary>
    public override void zero_grad() => OptimizerGroup.ClearGradients(this, SetToNone);

    PthDict IOptimizerStates.EntriesOf(Parameter parameter) => EntriesOf(parameter);

    void IOptimizerStates.SetEntries(Parameter parameter, PthDict entries) => states[parameter].Load(parameter, entries);

    /// <summary>Refuses an optimizer that was disposed, or a parameter of which was.</summary>
    internal void CheckUsable()
    {
        if (isDisposed)
        {
            throw OptimizerFault.Disposed(this);
        }

        if (members.Exists(static group => Array.Exists(group, static parameter => parameter.IsInvalid)))
        {
            throw OptimizerFault.ParameterDisposed();
        }
    }

    /// <summary>Gives access to a group's settings.</summary>
    internal GroupSettings SettingsOf(ParamGroup group) => new(() => OptionsOf(group), saved => SetOptions(group, saved));

    /// <summary>Makes a group without parameters that has the default settings.</summary>
    internal abstract ParamGroup MakeDefaultsGroup();

    /// <summary>Updates the weights from scaled gradients, unless an infinity was found. Nothing is read, so nobody waits.</summary>
    /// <param name="gradScale">The scale of the gradients; <see langword="null"/> if they are unscaled already.</param>
    /// <param name="foundInf">Above 0 if a gradient is infinite or NaN.</param>
    internal void StepScaled(Tensor? gradScale, Tensor? foundInf)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        CheckUsable();
        BeforeStep?.Invoke();
        StepCount++;
        Implementation implementation = Implementation;
        for (int i = 0; i < members.Count; i++)
        {
            UpdateBatch batch = Collect(members[i], gradScale, foundInf);
            if (batch.Parameters.Length > 0)
            {
                Update(_parameter_groups[i], batch, implementation);
            }
        }
    }

    /// <summary>Adds a group whose settings are checked.</summary>
    private protected void Add(ParamGroup group)
    {
        Parameter[] parameters = [.. group.Parameters];
        if (parameters.Length == 0)
        {
            throw new ArgumentException(
                "A group of parameters is empty. Give the optimizer at least one parameter. If they are those of a module, its constructor must end with "
                + "RegisterComponents().");
        }

        if (parameters.Distinct(ReferenceEqualityComparer.Instance).Count() < parameters.Length || parameters.Any(states.ContainsKey))
        {
            throw new ArgumentException("A parameter is listed twice. Each parameter belongs to one group.");
        }

        foreach (Parameter parameter in parameters)
        {
            ParameterState state = new();
            states.Add(parameter, state);
            _state[parameter.Handle] = new FusedOptimizerState(parameter, state, StateNames);
        }

        group.Parameters = parameters;
        members.Add(parameters);
        _parameter_groups.Add(group);
    }

    /// <summary>Gives a copy of what is remembered of a parameter, to be saved.</summary>
    private protected virtual PthDict EntriesOf(Parameter parameter) => states[parameter].ToPth();

    /// <summary>Gets PyTorch's names of what is remembered of a parameter.</summary>
    private protected abstract IReadOnlyList<string> StateNames { get; }

    /// <summary>Gives a group's settings by PyTorch's names, without the learning rate.</summary>
    private protected abstract PthDict OptionsOf(ParamGroup group);

    /// <summary>Takes over a group's settings by PyTorch's names; what is missing stays.</summary>
    private protected abstract void SetOptions(ParamGroup group, PthDict options);

    /// <summary>Updates the parameters of one group that have a gradient.</summary>
    private protected abstract void Update(ParamGroup group, UpdateBatch batch, Implementation implementation);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            isDisposed = true;
            foreach (ParameterState state in states.Values)
            {
                state.Dispose();
            }
        }
    }

    private UpdateBatch Collect(Parameter[] parameters, Tensor? gradScale, Tensor? foundInf)
    {
        List<Parameter> updated = new(parameters.Length);
        List<Tensor> gradients = new(parameters.Length);
        List<ParameterState> ownStates = new(parameters.Length);
        foreach (Parameter parameter in parameters)
        {
            if (parameter.grad is { } gradient)
            {
                updated.Add(parameter);
                gradients.Add(gradient);
                ownStates.Add(states[parameter]);
            }
        }

        return new([.. updated], [.. gradients], [.. ownStates], gradScale, foundInf);
    }

    // A fused kernel wants all tensors of a call on one device and of one floating type.
    private Implementation Best()
    {
        Parameter first = members[0][0];
        DeviceType device = first.device_type;
        ScalarType type = first.dtype;
        int index = first.device_index;
        bool isUniform = members.TrueForAll(group => Array.TrueForAll(
            group, parameter => parameter.device_type == device && parameter.device_index == index && parameter.dtype == type));
        bool isFloating = type is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Float16 or ScalarType.BFloat16;
        bool hasKernel = HasFusedKernel && (device == DeviceType.CPU || (device == DeviceType.CUDA && HasFusedKernelOnCuda));
        return !isUniform || !isFloating ? Implementation.PerParameter
            : hasKernel ? Implementation.Fused
            : HasListOperations ? Implementation.Foreach
            : Implementation.PerParameter;
    }
}
