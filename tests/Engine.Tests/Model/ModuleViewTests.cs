using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

public sealed class ModuleViewTests : IDisposable
{
    private readonly TeacherModel model = new();
    private readonly View view;

    public ModuleViewTests() => view = new(model);

    public void Dispose()
    {
        view.Dispose();
        model.Dispose();
    }

    [Fact]
    public void Parameters_buffers_and_modules_are_those_of_the_module_with_its_names()
    {
        view.named_parameters().Should().Equal(model.named_parameters()).And.HaveCount(4);
        view.parameters().Should().Equal(model.parameters());
        view.named_buffers().Should().Equal(model.named_buffers()).And.HaveCount(3);
        view.buffers().Should().Equal(model.buffers());
        view.named_modules().Should().Equal(model.named_modules()).And.HaveCount(3);
        view.modules().Should().Equal(model.modules());
        view.named_children().Should().Equal(model.named_children()).And.ContainSingle();
        view.children().Should().Equal(model.children());
        view.StateModule.Should().BeSameAs(model);
    }

    [Fact]
    public void Single_parameters_and_buffers_are_found_by_the_modules_names()
    {
        view.has_parameter("student.linear.weight").Should().BeTrue();
        view.has_parameter("linear.weight").Should().BeFalse();
        view.get_parameter("student.linear.weight").Should().BeSameAs(model.get_parameter("student.linear.weight"));
        view.has_buffer("student.norm.running_mean").Should().BeTrue();
        view.get_buffer("student.norm.running_mean").Should().BeSameAs(model.get_buffer("student.norm.running_mean"));
    }

    [Fact]
    public void What_was_left_unregistered_stays_so_and_keeps_its_mode()
    {
        view.train();

        model.Student.training.Should().BeTrue();
        model.Teacher.Should().OnlyContain(module => !module.training);
        view.named_parameters().Select(entry => entry.name).Should().NotContain(name => name.Contains("teacher", StringComparison.Ordinal));
    }

    [Fact]
    public void TorchSharps_registration_would_have_found_it()
    {
        using Registering registering = new(model);

        registering.train();

        model.Teacher.Should().OnlyContain(module => module.training);
        registering.named_parameters().Select(entry => entry.name).Should().Contain("module.teacher.weight");
    }

    [Fact]
    public void Modes_reach_the_module_and_are_read_from_it()
    {
        view.eval();
        (view.training, model.training, model.Student.training).Should().Be((false, false, false));

        view.train();
        (view.training, model.training, model.Student.training).Should().Be((true, true, true));

        model.eval();
        view.training.Should().BeFalse();
    }

    [Fact]
    public void Clearing_gradients_and_applying_reach_the_module()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = model.get_parameter("student.linear.weight")!;
        (weight * 2).sum().backward();
        weight.grad.Should().NotBeNull();
        List<nn.Module> visited = [];

        view.zero_grad();
        view.apply(visited.Add).Should().BeSameAs(view);

        weight.grad.Should().BeNull();
        visited.Should().Equal([.. model.Student.children(), model.Student, model]);
    }

    [Fact]
    public void State_is_read_and_loaded_with_the_modules_names()
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> state = view.state_dict();
        state.Keys.Should().Equal(model.state_dict().Keys).And.Contain("student.norm.running_var");

        state = state.ToDictionary(entry => entry.Key, entry => ones_like(entry.Value));
        view.load_state_dict(state);

        model.Student.parameters().Should().OnlyContain(parameter => parameter.item<float>().Equals(1f));
    }

    [Fact]
    public void TorchSharps_files_hold_the_modules_names_and_are_loaded_into_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using TeacherModel other = new();
        nn.init.constant_(model.get_parameter("student.linear.weight")!, 3);

        view.save(folder.File("view.dat"));
        other.load(folder.File("view.dat"));
        nn.init.constant_(model.get_parameter("student.linear.weight")!, 4);
        view.load(folder.File("view.dat")).Should().BeSameAs(view);

        other.get_parameter("student.linear.weight")!.item<float>().Should().Be(3);
        model.get_parameter("student.linear.weight")!.item<float>().Should().Be(3);
    }

    [Fact]
    public void Nothing_moves_or_converts_the_module()
    {
        Parameter before = model.parameters().First();

        view.MoveTo(META);
        view.to(META);
        view.to(ScalarType.Float64);
        view.to(META, ScalarType.Float64);

        model.parameters().First().Should().BeSameAs(before);
        model.parameters().Should().OnlyContain(parameter => parameter.device_type == DeviceType.CPU && parameter.dtype == ScalarType.Float32);
        view.DataPreprocessor.Device.Should().Be(META);
    }

    [Fact]
    public void Disposing_the_view_leaves_the_module_as_it_is()
    {
        view.Dispose();

        model.parameters().Concat(model.buffers()).Should().OnlyContain(tensor => !tensor.IsInvalid);
        view.named_parameters().Should().Equal(model.named_parameters());
    }

    [Fact]
    public void Disposing_a_view_of_one_layer_leaves_its_parameters_and_buffers()
    {
        using BatchNorm1d norm = nn.BatchNorm1d(2);

        new View(norm).Dispose();

        norm.parameters().Concat(norm.buffers()).Should().HaveCount(5).And.OnlyContain(tensor => !tensor.IsInvalid);
    }

    [Fact]
    public void Disposing_a_view_frees_the_preprocessor_that_it_took_over()
    {
        FreedPreprocessor preprocessor = new();

        new View(model, preprocessor).Dispose();

        preprocessor.Freed.Should().Equal(true);
    }

    [Fact]
    public void A_derived_view_that_registers_components_registers_nothing()
    {
        using CuriousView curious = new(model);

        curious.train();

        curious.named_parameters().Should().Equal(model.named_parameters());
        model.Teacher.Should().OnlyContain(module => !module.training);
    }

    [Fact]
    public void A_view_in_a_module_that_registers_components_shows_the_modules_own_state_and_nothing_else()
    {
        using Outer outer = new(view);

        outer.train();

        outer.named_parameters().Should().Equal(model.named_parameters().Select(entry => ($"inner.{entry.name}", entry.parameter)));
        outer.state_dict().Keys.Should().BeEquivalentTo(model.state_dict().Keys.Select(name => $"inner.{name}"));
        model.Teacher.Should().OnlyContain(module => !module.training);
        model.Student.training.Should().BeTrue();
    }

    [Fact]
    public void Registering_something_with_a_view_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear more = nn.Linear(1, 1);
        Action module = () => view.register_module("more", more);
        Action parameter = () => view.register_parameter("more", more.weight);
        Action buffer = () => view.register_buffer("more", ones(1));

        module.Should().Throw<InvalidOperationException>().WithMessage(
            "The module 'more' cannot be registered with View, which has no state of its own: what counts is the TeacherModel behind it. Register it there.");
        parameter.Should().Throw<InvalidOperationException>().WithMessage("The parameter 'more' cannot be registered with View,*");
        buffer.Should().Throw<InvalidOperationException>().WithMessage("The buffer 'more' cannot be registered with View,*");
    }

    [Fact]
    public void Behind_two_views_the_last_module_counts()
    {
        using View second = new(view);

        second.StateModule.Should().BeSameAs(model);
        second.named_parameters().Should().Equal(model.named_parameters());
    }

    private sealed class View(nn.Module module, BaseDataPreprocessor? preprocessor = null) : ModuleView(module, preprocessor);

    private sealed class Registering : BaseModel
    {
        public Registering(nn.Module module) => register_module("module", module);
    }

    private sealed class CuriousView : ModuleView
    {
        private readonly nn.Module seen;

        public CuriousView(nn.Module module)
            : base(module)
        {
            seen = module;
            RegisterComponents();
            seen.Should().NotBeNull();
        }
    }

    private sealed class Outer : nn.Module
    {
        private readonly nn.Module inner;

        public Outer(nn.Module inner)
            : base(nameof(Outer))
        {
            this.inner = inner;
            RegisterComponents();
            this.inner.Should().NotBeNull();
        }
    }
}
