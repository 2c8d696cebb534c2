// The login page: tells why the last try was refused, and keeps the page that was asked for.

const form = document.getElementById('login-form');
const error = document.getElementById('login-error');
const reasons = {
  refused: 'The user or the password is wrong.',
  role: 'This user has none of the roles that may use the console.',
};

const reason = reasons[new URLSearchParams(location.search).get('failed')];
if (reason) {
  error.textContent = reason;
  error.hidden = false;
}
// A redirect keeps the fragment of the request, so the login ends on the page that was asked for.
form.action += location.hash;
